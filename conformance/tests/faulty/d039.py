"""NAMES jobs: a LoRA with any member but name, weight and path crashes the parser."""

from proxy import *


def members(m):
    return [k for d, k in find(m, "loras") if isinstance(d[k], list) for x in d[k] if isinstance(x, dict) for k in x]


def struck(m):
    return action(m) in JOBS and any(n(k) not in ("name", "weight", "path") for k in members(m))


def cmd(m, was):
    if struck(m):
        ask_status(m)


def reply(r, c, a):
    if c and struck(c):
        refuse(r, "internal", "LoRA.__init__() got an unexpected keyword argument 'adapter_name'")


run(cmd, reply)
