"""ASSET a taken file name is overwritten instead of a new one being found."""

from proxy import *
import re


def reply(r, c, a):
    if a == "batch_generate":
        return
    i = get(r, "request_id")
    for j, d in enumerate(pics(r)):
        p = get(d, "path")
        b = os.path.basename(p)
        if i and not b.startswith(i + "_"):
            q = os.path.join(os.path.dirname(p), i + "_" + b.split("_", 1)[1]) if "_" in b else p
            os.replace(p, q)
            put(d, "path", q)
            im = get(r, "data", "images")
            im[im.index(p)] = q
            if get(r, "data", "output_path") == p:
                put(get(r, "data"), "output_path", q)


run(reply=reply)
