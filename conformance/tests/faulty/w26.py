"""EFFECT training: the history from before a resumption is lost."""

from proxy import *


def cmd(m, was):
    if action(m) in ("start_training", "start_sdxl_training"):
        for d, k in find(m, "resume_from"):
            if isinstance(d[k], str) and d[k]:
                S["k"] = S.get("k", 0) + 1
                i = "px-%d" % S["k"]
                S.setdefault("q", {})[i] = d[k]
                tell({"action": "get_training_history", "request_id": i, "payload": {"training_id": d[k]}})


def reply(r, c, a):
    i = get(r, "request_id")
    if i in S.get("q", {}):
        rows = get(r, "data", "rows") if get(r, "success") else []
        S.setdefault("at", {})[S["q"][i]] = max([get(x, "step") for x in rows] or [0])
        return False
    if a == "get_training_history" and get(r, "success"):
        at = S.get("at", {}).get(get(body(c), "training_id"))
        if at is not None:
            put(get(r, "data"), "rows", [x for x in get(r, "data", "rows") if get(x, "step") > at])


run(cmd, reply)
