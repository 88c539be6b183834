"""TYPE unload_model of several: freed_bytes is that of the first model only."""

from proxy import *


def reply(r, c, a):
    sz = S.setdefault("z", {})
    if a != "unload_model":
        for d, k in find(r, "model_size_bytes"):
            if get(d, "model_id"):
                sz[get(d, "model_id")] = d[k]
    elif get(r, "success"):
        ids = get(r, "data", "model_ids")
        if len(ids) > 1 and ids[0] in sz:
            put(get(r, "data"), "freed_bytes", sz[ids[0]])


run(reply=reply)
