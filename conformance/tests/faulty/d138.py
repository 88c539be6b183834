"""NAMES replies: the id of a model is called id_model."""

from proxy import *


def reply(r, c, a):
    for d, k in find(get(r, "data"), "model_id"):
        d["IdModel" if k[:1].isupper() else "id_model"] = d.pop(k)


run(reply=reply)
