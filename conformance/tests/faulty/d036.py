"""NAMES jobs: session_id is required, and a request_id alone is not enough."""

from proxy import *


def struck(m):
    return action(m) in JOBS and find(m, "session_id") == []


def cmd(m, was):
    if struck(m):
        ask_status(m)


def reply(r, c, a):
    if c and struck(c):
        refuse(r, "missing_field", "Request parsing failed: Missing required field: session_id")


run(cmd, reply)
