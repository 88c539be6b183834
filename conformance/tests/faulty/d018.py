"""CORR errors: those of the transport (no action, a document by no schema, an unknown action) lack their request_id."""

from proxy import *


def reply(r, c, a):
    if get(r, "success") is False and code(r) in (
        "unknown_action",
        "validation_failed",
        "unknown_field",
        "missing_field",
    ):
        put(r, "request_id", None)


run(reply=reply)
