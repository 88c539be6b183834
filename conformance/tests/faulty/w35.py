"""CMD run_self_test: scope benchmark runs the checks of scope commands."""

from proxy import *


def cmd(m, was):
    if action(m) == "run_self_test" and get(body(m), "scope") == "benchmark":
        put(body(m), "scope", "commands")


run(cmd)
