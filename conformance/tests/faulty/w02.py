"""ENUM jobs: DEIS is rendered as UniPC; reply and record say DEIS."""

from proxy import *

D = ("deis", "deismultistep", "deismultistepscheduler")


def places(m):
    return [(d, k) for nm in ("type", "scheduler") for d, k in find(m, nm) if isinstance(d[k], str) and n(d[k]) in D]


def cmd(m, was):
    if action(m) in JOBS:
        for d, k in places(m):
            d[k] = "UniPC"


def reply(r, c, a):
    if a in JOBS and places(c):
        for d, k in find(r, "scheduler_used"):
            if d[k] == "UniPC":
                d[k] = "DEIS"
        for d in pics(r):
            patch(d, lambda rec: rec["scheduler"].__setitem__("type", "DEIS"))


run(cmd, reply)
