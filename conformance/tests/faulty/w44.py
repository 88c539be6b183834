"""NAMES optimize_request: estimate_after is a copy of estimate_before."""

from proxy import *


def reply(r, c, a):
    if a == "optimize_request" and get(r, "success"):
        put(get(r, "data"), "estimate_after", copy.deepcopy(get(r, "data", "estimate_before")))


run(reply=reply)
