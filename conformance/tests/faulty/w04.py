"""LIMIT jobs: a ControlNet's weight above 1 is clamped to 1; the record has what was asked."""

from proxy import *


def places(m):
    r = []
    for d, k in find(m, "control_nets"):
        if isinstance(d[k], list):
            for i, x in enumerate(d[k]):
                w = get(x, "weight")
                if num(w) and 1 < w <= 2:
                    r.append((i, x, w))
    return r


def cmd(m, was):
    if action(m) in JOBS:
        for i, x, w in places(m):
            put(x, "weight", 1.0)


def reply(r, c, a):
    if a in JOBS and places(c):
        ws = {i: float(w) for i, x, w in places(c)}

        def f(rec):
            for i, l in enumerate(rec["conditioning"]["control_nets"]):
                if i in ws:
                    l["weight"] = ws[i]

        for d in pics(r):
            patch(d, f)


run(cmd, reply)
