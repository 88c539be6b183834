"""TYPE jobs: images are objects with a path and a seed, not paths."""

from proxy import *


def reply(r, c, a):
    if a in JOBS and get(r, "success"):
        for d, k in find(r, "images"):
            if isinstance(d[k], list):
                d[k] = [{"path": x, "seed": 1} for x in d[k]]


run(reply=reply)
