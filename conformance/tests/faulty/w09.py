"""UNIT get_performance_metrics: peak_memory_used_mb in units of 10^6 bytes."""

from proxy import *


def reply(r, c, a):
    if a == "get_performance_metrics" and get(r, "success"):
        x = get(r, "data", "peak_memory_used_mb")
        if x is not None:
            put(get(r, "data"), "peak_memory_used_mb", round(x * 1.048576, 3))


run(reply=reply)
