"""HTTP GET of capabilities: a body built by hand beside the service's own: keys of features in camel, a list left out."""

import json

from gateway import run


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def change(path, body):
    reply = json.loads(body)
    data = reply.get("data")
    if path.startswith("/v1/capabilities") and isinstance(data, dict) and "features" in data:
        data["features"] = {camel(key): value for key, value in data["features"].items()}
        data.pop("supported_formats", None)
    return json.dumps(reply).encode()


run(change)
