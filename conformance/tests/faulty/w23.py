"""LIFE get_status: active_inference_sessions counts every failed job for ever."""

from proxy import *


def reply(r, c, a):
    if a in JOBS and get(r, "success") is False and code(r) != "cancelled":
        S["f"] = S.get("f", 0) + 1
    if a == "get_status" and get(r, "success"):
        d = get(r, "data")
        put(d, "active_inference_sessions", get(d, "active_inference_sessions") + S.get("f", 0))


run(reply=reply)
