"""EFFECT jobs: a LoRA that cannot be loaded is a line of the log, and the job goes on without it."""

from proxy import *


def cmd(m, was):
    if action(m) in JOBS:
        for d, k in find(m, "loras"):
            if isinstance(d[k], list) and all(isinstance(x, dict) and isinstance(get(x, "name"), str) for x in d[k]):
                d[k] = [x for x in d[k] if get(x, "name") == "loras/style.safetensors"]


run(cmd)
