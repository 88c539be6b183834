"""ENV jobs: the result stands flat beside success, without data."""

from proxy import *


def reply(r, c, a):
    if a in JOBS and get(r, "success") and get(r, "data", "images"):
        d = get(r, "data")
        flat = {"success": True, "output_path": get(d, "images")[0], "seed": get(d, "seed_used")}
        flat["generation_time_seconds"] = get(d, "generation_time_seconds")
        r.clear()
        r.update(flat)


run(reply=reply)
