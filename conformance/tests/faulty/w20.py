"""UNIT events: progress is that of the stage, and goes back with each stage."""

from proxy import *


def event(e):
    if get(e, "event") == "progress":
        put(e, "progress", get(e, "step") / max(1, get(e, "total_steps")))


run(event=event)
