"""EFFECT jobs: a stream around no channel: no job makes a picture."""

from proxy import *


def struck(m):
    return action(m) in JOBS


def cmd(m, was):
    if struck(m):
        ask_status(m)


def reply(r, c, a):
    if c and struck(c):
        refuse(r, "internal", "SDXL inference failed: 'NoneType' object has no attribute 'send_response'")


run(cmd, reply)
