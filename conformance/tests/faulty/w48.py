"""UNIT heartbeat: memory_used_mb is in gigabytes."""

from proxy import *

def event(e):
    if get(e, "event") == "heartbeat":
        put(e, "memory_used_mb", get(e, "memory_used_mb") / 1024)


run(event=event)
