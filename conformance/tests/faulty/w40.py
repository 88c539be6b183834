"""DEPLOY/FRAME the library's progress bar is on stdout at the first load of a process."""

from proxy import *


def reply(r, c, a):
    if not S.get("b") and get(r, "success") and a in JOBS + ("load_model", "load_sdxl_suite"):
        S["b"] = 1
        out("Loading pipeline components...: 100%|██████████| 7/7 [00:01<00:00,  5.21it/s]\n".encode())


run(reply=reply)
