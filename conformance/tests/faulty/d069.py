"""LIMIT jobs and reports: steps and guidance beyond their limits are clamped to them without a word."""

from proxy import *


def clamped(m, name, low, high):
    for d, k in find(m, name):
        if num(d[k]) and not low <= d[k] <= high:
            d[k] = low if d[k] < low else high


def cmd(m, was):
    if action(m) in JOBS or action(m) == "validate_request":
        for name in ("steps", "num_inference_steps"):
            clamped(m, name, 1, 150)
        clamped(m, "guidance_scale", 1.0, 30.0)


run(cmd)
