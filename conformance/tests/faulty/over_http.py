"""A gateway over HTTP of which one member is wrong, in documents that keep their schema: FAULT names the member."""

import json
import os

from gateway import run

FAULTS = {
    "steps_used": lambda data: data.update(steps_used=data["steps_used"] + 1),
    "jobs_completed": lambda data: data.update(jobs_completed=7),
    "uptime_seconds": lambda data: data.update(uptime_seconds=data["uptime_seconds"] * 1000),
    "was": lambda data: data.update(was="queued"),
    "training_type": lambda data: data.update(training_type="TextualInversion"),
}
FAULT = os.environ["FAULT"]


def change(_, body):
    reply = json.loads(body)
    data = reply.get("data")
    if isinstance(data, dict) and FAULT in data:
        FAULTS[FAULT](data)
    return json.dumps(reply).encode()


run(change)
