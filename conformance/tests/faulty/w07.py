"""DEFAULT jobs: mask_blur is dropped (0); the record has what was asked."""

from proxy import *


def places(m):
    return [
        (d, k)
        for d, k in find(m, "mask_blur")
        if type(d[k]) is int
        and 0 < d[k] <= 64
        and any(isinstance(x[y], str) and x[y] for x, y in find(m, "inpaint_mask"))
    ]


def cmd(m, was):
    if action(m) in JOBS:
        for d, k in places(m):
            d[k] = 0


def reply(r, c, a):
    if a in JOBS and places(c):
        d0, k0 = places(c)[0]
        for d in pics(r):
            patch(d, lambda rec: rec["conditioning"].__setitem__("mask_blur", d0[k0]))


run(cmd, reply)
