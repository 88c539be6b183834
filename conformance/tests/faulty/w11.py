"""NAMES errors of the direct envelope: pointers lack their first token."""

from proxy import *


def cut(p):
    return "/" + p.split("/", 2)[2] if isinstance(p, str) and p.count("/") > 1 else p


def reply(r, c, a):
    if c and key(c, "payload") is None and get(r, "success") is False:
        e = get(r, "error_details")
        if key(e, "field"):
            put(e, "field", cut(get(e, "field")))
        for x in get(e, "errors") or []:
            put(x, "pointer", cut(get(x, "pointer")))


run(reply=reply)
