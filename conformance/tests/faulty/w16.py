"""CAP get_capabilities: memory_optimizations lacks torch_compile, which is accepted."""

from proxy import *


def reply(r, c, a):
    if a == "get_capabilities" and get(r, "success"):
        get(r, "data", "memory_optimizations").remove("torch_compile")


run(reply=reply)
