"""NAMES jobs: the seed is told as `seed`, and a second processing_time beside data is always 0."""

from proxy import *


def reply(r, c, a):
    d = get(r, "data")
    if a in JOBS and get(r, "success") and key(d, "seed_used"):
        d[spelt(r, "seed")] = d.pop(key(d, "seed_used"))
        r[spelt(r, "processing_time")] = 0


run(reply=reply)
