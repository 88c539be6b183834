"""EFFECT jobs: every LoRA after the first takes no part; reply and record say it did."""

from proxy import *


def places(m):
    r = []
    for d, k in find(m, "loras") + find(m, "Loras"):
        if isinstance(d[k], list) and len(d[k]) > 1:
            for i, x in enumerate(d[k][1:], 1):
                w = get(x, "weight") if isinstance(x, dict) else None
                if isinstance(x, dict) and key(x, "Scale") is None and (w is None or num(w) and -2 <= w <= 2 and w):
                    r.append((i, x, w))
    return r


def cmd(m, was):
    if action(m) in JOBS:
        for i, x, w in places(m):
            x[key(x, "weight") or "weight"] = 0


def reply(r, c, a):
    if a in JOBS and places(c):
        ws = {i: (1.0 if w is None else float(w)) for i, x, w in places(c)}
        dets = get(r, "warning_details") or []
        keep = [
            j
            for j, w in enumerate(dets)
            if not (get(w, "code") == "weight_zero" and any("/%d" % i in (get(w, "pointer") or "") for i in ws))
        ]
        gone = [get(w, "message") for j, w in enumerate(dets) if j not in keep]
        put(r, "warning_details", [dets[j] for j in keep])
        for d, k in find(r, "warnings"):
            d[k] = [x for x in d[k] if x not in gone]

        def f(rec):
            for i, l in enumerate(rec["conditioning"]["loras"]):
                if i in ws:
                    l["weight"] = ws[i]

        for d in pics(r):
            patch(d, f)


run(cmd, reply)
