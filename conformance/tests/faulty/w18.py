"""CORR errors: unknown_action is answered without request_id."""

from proxy import *


def reply(r, c, a):
    if code(r) == "unknown_action":
        put(r, "request_id", None)


run(reply=reply)
