"""NAMES initialize: device_index reaches nobody."""

from proxy import *


def cmd(m, was):
    if action(m) == "initialize":
        for d, k in find(m, "device_index"):
            del d[k]


run(cmd)
