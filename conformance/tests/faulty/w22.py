"""CONC cancel is answered before its target's own reply."""

from proxy import *


def cmd(m, was):
    if action(m) == "cancel":
        t = get(body(m), "target_request_id")
        S.setdefault("t", {})[get(m, "request_id")] = t


def reply(r, c, a):
    t = S.setdefault("t", {})
    i = get(r, "request_id")
    if a == "cancel":
        x = t.pop(i, None)
        h = S.setdefault("h", {}).pop(x, None)
        if h:
            S["after"] = h
    elif code(r) == "cancelled" and i in t.values():
        S.setdefault("h", {})[i] = dumps(r)
        return False


run(cmd, reply)
