"""NAMES structured_inference: validation.effective is a copy of validation.normalized."""

from proxy import *


def reply(r, c, a):
    if a == "structured_inference" and get(r, "success"):
        v = get(r, "data", "validation")
        put(v, "effective", copy.deepcopy(get(v, "normalized")))


run(reply=reply)
