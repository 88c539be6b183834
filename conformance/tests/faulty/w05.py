"""LIMIT jobs: a prompt of more than 75 words is cut after the 75th; the record has it whole."""

from proxy import *


def places(m):
    return [
        (d, k) for d, k in find(m, "prompt") if isinstance(d[k], str) and len(d[k]) <= 8192 and len(d[k].split()) > 75
    ]


def cmd(m, was):
    if action(m) in JOBS:
        for d, k in places(m):
            d[k] = " ".join(d[k].split()[:75])


def reply(r, c, a):
    if a in JOBS and len(places(c)) == 1:
        d0, k0 = places(c)[0]
        for d in pics(r):
            patch(d, lambda rec: rec["conditioning"].__setitem__("prompt", d0[k0]))


run(cmd, reply)
