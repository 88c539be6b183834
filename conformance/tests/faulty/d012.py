"""CMD load_model is executed as an inference, which lacks its prompt."""

from proxy import *


def struck(m):
    return action(m) == "load_model"


def cmd(m, was):
    if struck(m):
        ask_status(m)


def reply(r, c, a):
    if c and struck(c):
        refuse(r, "missing_field", "SDXL inference failed: Missing required field: prompt")


run(cmd, reply)
