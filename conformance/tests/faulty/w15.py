"""NAMES errors: an image outside the roots is image_invalid instead of path_not_allowed."""

from proxy import *
import re

IMG = re.compile(r"image|mask", re.I)


def reply(r, c, a):
    e = get(r, "error_details") if get(r, "success") is False else None
    if e and code(r) == "path_not_allowed" and IMG.search(get(e, "field") or ""):
        put(e, "code", "image_invalid")
    for d, k in find(r, "errors"):
        for x in d[k] or []:
            if get(x, "code") == "path_not_allowed" and IMG.search(get(x, "pointer") or ""):
                put(x, "code", "image_invalid")


run(reply=reply)
