"""NAMES/DEFAULT run_inference: the flat negative_prompt is forgotten; the picture's record still has it."""

from proxy import *


def ok(c):
    p = get(body(c), "parameters")
    g = get(p, "guidance_scale")
    x = get(p, "negative_prompt")
    return isinstance(x, str) and 0 < len(x) <= 8192 and (g is None or num(g) and g > 1)


def cmd(m, was):
    if action(m) == "run_inference" and ok(m):
        p = get(body(m), "parameters")
        del p[key(p, "negative_prompt")]


def reply(r, c, a):
    if a == "run_inference" and ok(c):
        for d in pics(r):
            patch(
                d,
                lambda rec: rec["conditioning"].__setitem__(
                    "negative_prompt", get(body(c), "parameters", "negative_prompt")
                ),
            )


run(cmd, reply)
