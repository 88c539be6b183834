"""NAMES jobs: steps by the accepted name num_inference_steps are not read: 20 run, and the reply claims what was asked."""

from proxy import *


def steps(m):
    return [(d, k) for d, k in find(m, "num_inference_steps") if num(d[k]) and 1 <= d[k] <= 150]


def cmd(m, was):
    if action(m) in JOBS:
        for d, k in steps(m):
            d[k] = 20


def reply(r, c, a):
    if a in JOBS and steps(c):
        d, k = steps(c)[0]
        for x, y in find(r, "steps_used"):
            x[y] = d[k]
        for x in pics(r):
            patch(x, lambda rec: rec["scheduler"].__setitem__("steps", d[k]))


run(cmd, reply)
