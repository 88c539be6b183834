"""ENUM jobs and reports: a dtype that is not spelt fp16 is taken for fp32."""

from proxy import *


def dtypes(m):
    return [
        (d, k)
        for d, k in find(m, "dtype")
        if isinstance(d[k], str) and n(d[k]) in ("float16", "bf16", "bfloat16", "half")
    ]


def cmd(m, was):
    if action(m) in JOBS or action(m) == "validate_request":
        for d, k in dtypes(m):
            d[k] = "fp32"


run(cmd)
