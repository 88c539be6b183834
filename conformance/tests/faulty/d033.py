"""CONC batch_generate: results stand in the order in which they ended, the last first."""

from proxy import *


def reply(r, c, a):
    if a == "batch_generate" and get(r, "success"):
        get(r, "data", "results").reverse()


run(reply=reply)
