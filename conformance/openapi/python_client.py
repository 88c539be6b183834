"""The client that openapi-python-client generates makes one picture, and reads replies as their own types."""

import sys

from concord_client import Client
from concord_client.api.gpus import get_capabilities, get_status, list_devices
from concord_client.api.jobs import get_job, list_jobs
from concord_client.api.pictures import generate_sdxl
from concord_client.models import Conditioning, Hyperparameters, Model, PromptSubmission, SdxlResultReply

client = Client(base_url=sys.argv[1])
submission = PromptSubmission(
    model=Model(base="sdxl_base"),
    conditioning=Conditioning(prompt="a pier at dusk"),
    hyperparameters=Hyperparameters(batch_size=1),
)
reply = generate_sdxl.sync(client=client, body=submission)
assert isinstance(reply, SdxlResultReply), reply
assert len(reply.data.images) == 1 and reply.success is True and reply.error is None, reply
assert reply.data.seed_used >= 0
for name, answer in {
    "get_status": get_status.sync(client=client),
    "get_capabilities": get_capabilities.sync(client=client),
    "list_devices": list_devices.sync(client=client),
    "list_jobs": list_jobs.sync(client=client),
    "get_job": get_job.sync(reply.request_id, client=client),
}.items():
    assert type(answer).__name__.endswith("Reply") and answer.success is True, (name, answer)
missing = get_job.sync("nobody", client=client)
assert type(missing).__name__ == "Problem" and missing.error_details.code == "job_not_found", missing
print("a picture, and six replies of their own types")
