"""EFFECT load_model: from_cache is false though the copy in RAM was used."""

from proxy import *


def reply(r, c, a):
    if a == "load_model" and get(r, "success"):
        put(get(r, "data"), "from_cache", False)


run(reply=reply)
