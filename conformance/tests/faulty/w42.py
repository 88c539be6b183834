"""EFFECT load_sdxl_suite: total_load_time_seconds counts the base twice."""

from proxy import *


def reply(r, c, a):
    if a in ("load_sdxl_suite", "cache_sdxl_suite") and get(r, "success"):
        d = get(r, "data")
        put(
            d,
            "total_load_time_seconds",
            get(d, "total_load_time_seconds") + get(get(d, "component_results")[0], "load_time_seconds"),
        )


run(reply=reply)
