"""TIME jobs: metadata.timeout_seconds is ignored."""

from proxy import *


def cmd(m, was):
    if action(m) in JOBS:
        for d, k in find(m, "metadata"):
            x = d[k]
            q = key(x, "timeout_seconds")
            if q and num(x[q]) and 1 <= x[q] <= 86400:
                del x[q]


run(cmd)
