"""EFFECT jobs: PNG pictures are noise decided by all that was asked (but the batch size)."""

from proxy import *


def noise(seed):
    def f(b):
        rec = record(b)
        if rec is None:
            return None
        rec["hyperparameters"].pop("batch_size", None)
        rec["hyperparameters"]["seed"] = seed
        h = hashlib.sha256(json.dumps(rec, sort_keys=True).encode()).digest()
        cs = chunks(b)
        w, ht = struct.unpack(">II", cs[0][1][:8])
        nch = {0: 1, 2: 3, 6: 4}[cs[0][1][9]]
        need = w * ht * nch
        px = hashlib.shake_256(h).digest(need)
        raw = b"".join(b"\0" + px[y * w * nch : (y + 1) * w * nch] for y in range(ht))
        done = False
        o = []
        for t, v in cs:
            if t == b"IDAT":
                if not done:
                    o.append([t, zlib.compress(raw, 1)])
                    done = True
            else:
                o.append([t, v])
        return png(o)

    return f


def reply(r, c, a):
    for d in pics(r):
        if not get(d, "flagged"):
            rewrite(d, noise(get(d, "seed")))


run(reply=reply)
