"""LIFE shutdown is answered at once, before what still runs."""

from proxy import *

P_ = lambda k: "".join(p.capitalize() for p in k.split("_"))


def cmd(m, was):
    g = get(body(m), "grace_seconds")
    if (
        action(m) == "shutdown"
        and (g is None or num(g) and 0 <= g < 1e6)
        and all(
            n(k) in ("action", "requestid", "sessionid", "payload", "graceseconds") for k in list(m) + list(body(m))
        )
        and len(PENDING) > 1
    ):
        d = S.get("dialect") or ("snake" if key(m, "payload") else "pascal")
        r = {
            "request_id": get(m, "request_id"),
            "success": True,
            "data": {},
            "error": None,
            "error_details": None,
            "warnings": [],
            "warning_details": [],
        }
        if d == "pascal":
            r = {P_(k): v for k, v in r.items()}
        if d == "camel":
            r = {P_(k)[:1].lower() + P_(k)[1:]: v for k, v in r.items()}
        out(r)
        S["done"] = True


def reply(r, c, a):
    if a == "initialize" and get(r, "success"):
        S["dialect"] = get(r, "data", "dialect")
    if a == "shutdown" and S.get("done"):
        return False


run(cmd, reply)
