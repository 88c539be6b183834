"""ENV errors: worker_busy is said not to be retryable."""

from proxy import *


def reply(r, c, a):
    if code(r) == "worker_busy":
        put(get(r, "error_details"), "retryable", False)


run(reply=reply)
