"""EFFECT load_sdxl_suite: each component replaces the one before it; the reply lists all."""

from proxy import *


def reply(r, c, a):
    if a == "load_sdxl_suite" and get(r, "success"):
        S["kept"] = [get(x, "model_id") for x in get(r, "data", "component_results")][-1:]
        S["gone"] = [get(x, "model_id") for x in get(r, "data", "component_results")][:-1]
    if S.get("gone") and a in ("get_model_info", "get_capabilities", "get_status"):
        for name in ("models", "loaded_models"):
            for d, k in find(r, name):
                if isinstance(d[k], list):
                    d[k] = [x for x in d[k] if (get(x, "model_id") or x) not in S["gone"]]


run(reply=reply)
