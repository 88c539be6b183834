"""NAMES validate_request: errors[] has only the first fault."""

from proxy import *


def reply(r, c, a):
    if a == "validate_request" and get(r, "success"):
        d = get(r, "data")
        e = get(d, "errors")
        if e and len(e) > 1:
            put(d, "errors", e[:1])
        k = key(d, "errors_total")
        if k:
            del d[k]


run(reply=reply)
