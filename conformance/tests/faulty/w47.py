"""UNIT progress: total_steps is what was asked, also where strength leaves fewer."""

from proxy import *

STEPS = {}


def cmd(m, was):
    if action(m) in JOBS:
        for d, k in find(m, "steps"):
            if num(d[k]):
                STEPS[get(m, "request_id")] = d[k]


def event(e):
    if get(e, "event") == "progress" and get(e, "stage") == "denoising" and get(e, "request_id") in STEPS:
        put(e, "total_steps", STEPS[get(e, "request_id")])


run(cmd, event=event)
