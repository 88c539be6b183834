"""CASE features_used: its keys are spelt in Pascal in a pascal reply."""

from proxy import *


def reply(r, c, a):
    if "RequestId" in r:
        for d, k in find(r, "features_used"):
            if isinstance(d[k], dict):
                d[k] = {"".join(p[:1].upper() + p[1:] for p in x.split("_")): y for x, y in d[k].items()}


run(reply=reply)
