"""ENUM jobs and reports: a name of an enum in lower case is not known."""

from proxy import *

FIELDS = ("type", "scheduler", "upscaler")
NAMES = ("euler", "eulera", "ddim", "ddpm", "heun", "lms", "pndm", "unipc", "deis", "lcm", "lanczos", "dpm++2m")


def struck(m):
    return any(isinstance(d[k], str) and d[k].islower() and n(d[k]) in NAMES for f in FIELDS for d, k in find(m, f))


def cmd(m, was):
    if struck(m):
        ask_status(m)


def reply(r, c, a):
    if c and struck(c):
        refuse(r, "unsupported_value", "Unknown inference type")


run(cmd, reply)
