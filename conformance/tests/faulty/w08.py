"""TYPE validate_model_files: tensor_count of every file is that of the first."""

from proxy import *


def reply(r, c, a):
    if a == "validate_model_files" and get(r, "success"):
        rs = get(r, "data", "results")
        x = get(rs[0], "tensor_count") if rs else None
        if x is not None:
            for y in rs[1:]:
                put(y, "tensor_count", x)


run(reply=reply)
