"""FRAME events: the last denoising step is not reported."""

from proxy import *


def event(e):
    if get(e, "event") == "progress" and get(e, "stage") == "denoising" and get(e, "step") == get(e, "total_steps"):
        return False
    S["s"] = S.get("s", -1) + 1
    put(e, "sequence", S["s"])


run(event=event)
