"""ASSET jobs: paths of pictures are relative to a folder that the host does not share."""

from proxy import *


def reply(r, c, a):
    if a in JOBS and get(r, "success"):
        for d, k in find(r, "images"):
            if isinstance(d[k], list):
                d[k] = ["outputs/" + os.path.basename(x) for x in d[k]]
        for name in ("path", "output_path"):
            for d, k in find(r, name):
                if isinstance(d[k], str):
                    d[k] = "outputs/" + os.path.basename(d[k])


run(reply=reply)
