"""CAP get_capabilities: limits.clip_skip_max is 12 where 12 is refused."""

from proxy import *


def reply(r, c, a):
    if a == "get_capabilities" and get(r, "success"):
        put(get(r, "data", "limits"), "clip_skip_max", 12)


run(reply=reply)
