"""SER jobs: a seed above 2^31 is written as a float (5000000000.0)."""

from proxy import *


def reply(r, c, a):
    for nm in ("seed", "seed_used"):
        for d, k in find(r, nm):
            if type(d[k]) is int and d[k] > 2**31:
                d[k] = float(d[k])


run(reply=reply)
