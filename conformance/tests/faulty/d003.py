"""CMD jobs: the worker registered one name of generate_sdxl; its aliases are not available."""

from proxy import *


def struck(m):
    return action(m) in ("generate_sdxl_enhanced", "enhanced_sdxl")


def cmd(m, was):
    if struck(m):
        ask_status(m)


def reply(r, c, a):
    if c and struck(c):
        refuse(r, "unknown_action", f"Worker type '{action(c)}' not available")


run(cmd, reply)
