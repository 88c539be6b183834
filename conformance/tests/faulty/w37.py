"""ID performance.device: another GPU than the worker's own is read as auto."""

from proxy import *
import re


def cmd(m, was):
    for d, k in find(m, "device"):
        if isinstance(d[k], str) and re.fullmatch(r"(cuda:|gpu_)[1-9][0-9]*", d[k]):
            d[k] = "auto"


run(cmd)
