"""EFFECT training: a training that is accepted stays queued for ever."""

from proxy import *


def reply(r, c, a):
    if a == "get_training_status" and get(r, "success"):
        d = get(r, "data")
        for k, v in (("state", "queued"), ("current_step", 0), ("progress", 0.0), ("progress_percentage", 0.0)):
            put(d, k, v)


def event(e):
    return get(e, "event") != "training_progress"


run(reply=reply, event=event)
