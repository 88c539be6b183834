"""NAMES load_from_cache of what is not cached: the hint is lost."""

from proxy import *


def reply(r, c, a):
    if a in ("load_from_cache", "load_model_from_cache") and code(r) == "model_not_found":
        e = get(r, "error_details")
        k = key(e, "hint")
        if k:
            del e[k]


run(reply=reply)
