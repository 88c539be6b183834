"""EFFECT unload_model with an id does nothing and says that it did."""

from proxy import *


def ok(m):
    b = dict(body(m))
    i = get(b, "model_id")
    return (
        action(m) == "unload_model"
        and isinstance(i, str)
        and i
        and key(m, "gpu_id") is None
        and all(n(k) in ("modelid", "action", "requestid", "sessionid") for k in b)
    )


def cmd(m, was):
    if ok(m):
        put(m, "action", "get_model_info")


def reply(r, c, a):
    if ok(c) and get(r, "success"):
        ms = [x for x in get(r, "data", "models") if get(x, "location") == "gpu"]
        s = "data" in r
        r["data" if s else "Data"] = {
            ("model_ids" if s else "ModelIds"): [get(x, "model_id") for x in ms],
            ("freed_bytes" if s else "FreedBytes"): sum(get(x, "model_size_bytes") for x in ms),
        }


run(cmd, reply)
