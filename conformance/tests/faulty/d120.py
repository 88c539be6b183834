"""LIFE the interface was never initialised, and that was ignored: every command is refused."""

from proxy import *


def struck(m):
    return action(m) != ""


def cmd(m, was):
    if struck(m):
        ask_status(m)


def reply(r, c, a):
    if c and struck(c):
        refuse(r, "internal", "Interface not initialized")


run(cmd, reply)
