"""FRAME a blank line that ends with CRLF is a bad_frame."""

from proxy import *


def line(l):
    return b"x\n" if l == b"\r\n" else l


run(line=line)
