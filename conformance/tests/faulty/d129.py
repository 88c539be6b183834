"""NAMES errors: the code is dropped, and the sentence alone is left."""

from proxy import *


def reply(r, c, a):
    if get(r, "success") is False:
        put(r, "error_details", None)


run(reply=reply)
