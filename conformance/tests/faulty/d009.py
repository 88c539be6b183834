"""CMD six commands have no handler."""

from proxy import *

LACKING = ("initialize", "unload_model", "get_capabilities", "validate_request", "get_model_info", "cleanup_memory")


def struck(m):
    return action(m) in LACKING


def cmd(m, was):
    if struck(m):
        ask_status(m)


def reply(r, c, a):
    if c and struck(c):
        refuse(r, "unknown_action", f"No handler for message type: {action(c)}")


run(cmd, reply)
