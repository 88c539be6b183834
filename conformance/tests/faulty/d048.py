"""NAMES jobs: karras_sigmas is copied from prompt_weighting, and auto_contrast, clip_skip and preprocess are not mapped."""

from proxy import *


def cmd(m, was):
    if action(m) not in JOBS:
        return
    other = [d[k] for d, k in find(m, "prompt_weighting") if isinstance(d[k], bool)]
    for d, k in find(m, "karras_sigmas"):
        if isinstance(d[k], bool):
            d[k] = bool(other and other[0])
    for name in ("auto_contrast", "clip_skip", "preprocess"):
        for d, k in find(m, name):
            if isinstance(d[k], (bool, int)) and d[k] in (True, False, 1):
                del d[k]


run(cmd)
