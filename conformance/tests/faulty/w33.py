"""FIXT get_performance_estimate: answers from a cache whose key is the base model alone."""

from proxy import *


def reply(r, c, a):
    if a == "get_performance_estimate" and get(r, "success"):
        f = find(c, "base")
        if f:
            k = (str(f[0][0][f[0][1]]), tuple(r))
            x = S.setdefault(k, copy.deepcopy(get(r, "data")))
            put(r, "data", x)


run(reply=reply)
