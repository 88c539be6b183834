"""TYPE get_queue_status: queued_at and started_at are local time (+2 h), marked Z."""

from proxy import *
import datetime as t


def reply(r, c, a):
    if a == "get_queue_status":
        for nm in ("queued_at", "started_at"):
            for d, k in find(r, nm):
                if isinstance(d[k], str):
                    d[k] = (t.datetime.strptime(d[k], "%Y-%m-%dT%H:%M:%S.%fZ") + t.timedelta(hours=2)).strftime(
                        "%Y-%m-%dT%H:%M:%S.%f"
                    )[:-3] + "Z"


run(reply=reply)
