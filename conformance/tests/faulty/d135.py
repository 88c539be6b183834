"""CASE replies: names are spelt by a rule without exceptions: MemoryUsedMb, Sha256."""

from proxy import *


def worse(m):
    if isinstance(m, list):
        return [worse(v) for v in m]
    if isinstance(m, dict):
        return {k.replace("MB", "Mb").replace("LoRA", "LoRa").replace("VRAM", "Vram"): worse(v) for k, v in m.items()}
    return m


def reply(r, c, a):
    if get(r, "success") and "Data" in r:
        r["Data"] = worse(r["Data"])


run(reply=reply)
