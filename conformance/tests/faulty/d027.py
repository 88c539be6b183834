"""FRAME an empty line is taken for the end of the file: the worker stops."""

from proxy import *


def line(l):
    if not l.strip():
        P.stdin.close()
    return l


run(line=line)
