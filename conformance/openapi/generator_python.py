"""The client that openapi-generator's python generator writes makes one picture."""

import sys

import concord_generated as api

configuration = api.Configuration(host=sys.argv[1])
with api.ApiClient(configuration) as client:
    submission = api.PromptSubmission(
        model=api.Model(base="sdxl_base"),
        conditioning=api.Conditioning(prompt="a pier at dusk"),
        hyperparameters=api.Hyperparameters(batch_size=1),
    )
    reply = api.PicturesApi(client).generate_sdxl(submission)
    assert reply.success is True and len(reply.data.images) == 1, reply
    status = api.GpusApi(client).get_status()
    assert status.data.memory_stats is None or status.data.memory_stats.vram_total_bytes > 2**31, status
    jobs = api.JobsApi(client).list_jobs()
    assert any(job.request_id == reply.request_id for job in jobs.data.jobs), jobs
    try:
        api.JobsApi(client).get_job("nobody")
    except api.exceptions.NotFoundException as problem:
        assert problem.data.error_details.code == "job_not_found", problem
    else:
        raise AssertionError("a job that is not there was found")
print("a picture, a status and the jobs")
