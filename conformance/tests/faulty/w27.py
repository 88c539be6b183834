"""UNIT training_progress: step counts from 0 (one less than done)."""

from proxy import *


def event(e):
    if get(e, "event") == "training_progress" and get(e, "step"):
        put(e, "step", get(e, "step") - 1)


run(event=event)
