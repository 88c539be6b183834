"""FRAME duplicate names below the first level are passed on, the last wins."""

from proxy import *


def line(l):
    if parse(l) is None:
        try:
            t = l.decode("utf-8-sig")
            m = json.loads(t)
            pairs = json.JSONDecoder(object_pairs_hook=lambda p: p).decode(t)
        except (ValueError, RecursionError):
            return l
        if isinstance(m, dict):
            names = [k for k, _ in pairs]
            if len(names) == len(set(names)):
                return dumps(m)
    return l


run(line=line)
