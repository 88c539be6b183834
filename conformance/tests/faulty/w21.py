"""CORR events: attempt is 1 always."""

from proxy import *


def event(e):
    put(e, "attempt", 1)


run(event=event)
