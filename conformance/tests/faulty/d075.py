"""CAP get_capabilities: the batch that is recommended and the greatest one contradict each other."""

from proxy import *


def reply(r, c, a):
    if a == "get_capabilities" and get(r, "success"):
        put(get(r, "data"), "max_batch_size", 2 * get(r, "data", "limits", "batch_size_max"))


run(reply=reply)
