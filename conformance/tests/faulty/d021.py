"""FRAME jobs: a progress line without `event` or `success` before the reply."""

from proxy import *


def reply(r, c, a):
    if a in JOBS and get(r, "success"):
        out({"type": "progress", "progress": 0.1, "message": "Starting"})


run(reply=reply)
