"""ENV every command: an envelope by `message_type`, its fields in `data`, is accepted too."""

from proxy import *


def line(l):
    m = parse(l)
    if m and key(m, "action") is None and isinstance(get(m, "message_type"), str):
        return dumps({"action": "get_status", "request_id": get(m, "request_id"), "payload": {}})
    return l


run(line=line)
