"""CMD jobs: the handler lacks the name to which every command is mapped."""

from proxy import *


def struck(m):
    return action(m) in JOBS


def cmd(m, was):
    if struck(m):
        ask_status(m)


def reply(r, c, a):
    if c and struck(c):
        refuse(r, "unknown_action", "Unknown action: inference.generate")


run(cmd, reply)
