"""UNIT jobs, get_performance_metrics: bytes stand in fields of megabytes."""

from proxy import *


def reply(r, c, a):
    for name in ("memory_used_mb", "peak_memory_used_mb"):
        for d, k in find(r, name):
            if num(d[k]):
                d[k] = d[k] * 1048576


run(reply=reply)
