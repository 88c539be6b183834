"""CONC jobs: a clean-up after each job shares the pipe with the next command, and its answer is taken for that of another."""

from proxy import *


def reply(r, c, a):
    if a in JOBS and get(r, "success"):
        PENDING.append((None, "cleanup_memory", {}))
        tell({"action": "cleanup_memory", "payload": {}})


run(reply=reply)
