"""DEFAULT jobs: refiner_start is ignored, 0.8 always; the record has what was asked."""

from proxy import *


def places(m):
    return [
        (d, k)
        for d, k in find(m, "refiner_start")
        if num(d[k]) and 0 < d[k] < 1 and any(isinstance(x[y], str) and x[y] for x, y in find(m, "refiner"))
    ]


def cmd(m, was):
    if action(m) in JOBS:
        for d, k in places(m):
            d[k] = 0.8


def reply(r, c, a):
    if a in JOBS and places(c):
        d0, k0 = places(c)[0]
        for d in pics(r):
            patch(d, lambda rec: rec["hyperparameters"].__setitem__("refiner_start", d0[k0]))


run(cmd, reply)
