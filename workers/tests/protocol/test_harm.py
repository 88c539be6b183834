"""What must not end the worker, or must end it in a way that its gateway can judge: values, bugs, a dead device."""

from __future__ import annotations

import subprocess
import sys

import pytest
from documents import job
from test_order import query
from worker_process import WORKERS, id_of

TRAINING = {"training_type": "LoRA", "base_model": "base", "training_data": "cats"}
TIMES = [-5, 0, 0.5, -1e300, 1e300, 86401, 10**300, True, "5", None, [5], {}]


def timed(request_id, seconds):
    command = job(request_id)
    command["payload"]["prompt_submission"]["metadata"] = {"timeout_seconds": seconds}
    return command


def batch(request_id, **fields):
    submission = job("x")["payload"]["prompt_submission"]
    return {"action": "batch_generate", "request_id": request_id, "payload": {"requests": [submission], **fields}}


@pytest.mark.parametrize("make", [timed, lambda i, s: batch(i, timeout_seconds=s)], ids=["metadata", "batch_generate"])
def test_no_timeout_ends_the_worker(worker, make):
    for index, seconds in enumerate(TIMES):
        reply = worker.ask(make(f"t{index}", seconds))
        if seconds is None:
            assert reply["success"]
        else:
            assert not reply["success"] and reply["error_details"]["code"] in ("out_of_range", "unsupported_value")
    assert worker.ask(job("after"))["success"]


@pytest.mark.parametrize("grace", [-5, 1e300, "5"])
def test_no_grace_of_shutdown_ends_the_worker(worker, grace):
    reply = worker.ask({"action": "shutdown", "request_id": "s", "payload": {"grace_seconds": grace}})
    assert reply["error_details"]["code"] in ("out_of_range", "unsupported_value")
    assert worker.ask(job("after"))["success"]


def test_a_fault_in_reading_one_line_is_internal_for_that_line(start):
    worker = start(CONCORD_TEST_FAULT="reading")
    worker.send(job("a"), job("b", "break here"), job("c"))
    replies = [worker.reply() for _ in range(3)]
    assert [id_of(reply) for reply in replies] == ["a", "b", "c"]
    assert [reply["success"] for reply in replies] == [True, False, True]
    assert replies[1]["error_details"]["code"] == "internal"
    worker.write(b"break here\n")
    assert worker.reply()["request_id"] is None
    worker.close()
    assert worker.end() == 0


def test_a_failure_that_cannot_be_written_is_internal(worker):
    assert worker.ask(job("a", "no frame"))["error_details"]["code"] == "internal"
    assert worker.ask(job("b"))["success"]


@pytest.mark.parametrize("prompt", ["dead device", "dead device in a model"])
@pytest.mark.parametrize("features", [[], ["out_of_order"]], ids=["ordered", "out-of-order"])
def test_a_dead_device_answers_every_frame_and_exits_70(start, prompt, features):
    worker = start()
    worker.ask({"action": "initialize", "request_id": "i", "payload": {"features": features}})
    worker.send(job("dies", prompt), *(job(f"waits{n}") for n in range(20)), batch("b"))
    replies = {}
    while len(replies) < 22:
        reply = worker.reply()
        replies[id_of(reply)] = reply
    assert worker.end() == 70
    codes = {reply["error_details"]["code"] for name, reply in replies.items()}
    assert codes == {"worker_crashed"}
    assert "device-side assert" in replies["dies"]["error"]
    started = {name: reply["error_details"]["details"]["started"] for name, reply in replies.items()}
    assert started.pop("dies") is True
    assert not any(started.values())
    assert all(reply["error_details"]["retryable"] for reply in replies.values())


def test_a_part_of_a_batch_that_meets_a_dead_device_ends_the_batch(start):
    worker = start()
    submissions = [job("x", prompt)["payload"]["prompt_submission"] for prompt in ("a cat", "dead device", "a cat")]
    reply = worker.ask({"action": "batch_generate", "request_id": "b", "payload": {"requests": submissions}})
    assert reply["error_details"]["code"] == "worker_crashed"
    assert worker.end() == 70


def test_a_training_that_loses_its_device_ends_the_worker(start, tmp_path):
    worker = start()
    assert worker.ask({"action": "start_training", "payload": TRAINING | {"output_name": "dies"}})["success"]
    (tmp_path / "now").touch()
    assert worker.end() == 70
    assert (tmp_path / "dies.failed").exists()


def test_a_dead_device_that_a_query_meets_fails_the_training_that_runs(start, tmp_path):
    worker = start()
    assert worker.ask({"action": "start_training", "payload": TRAINING | {"output_name": "t"}})["success"]
    (tmp_path / "no device").touch()
    reply = worker.ask(query("q", "get_status"))
    assert reply["error_details"]["code"] == "worker_crashed"
    assert worker.end() == 70
    assert (tmp_path / "t.abandoned").read_text() == "worker_crashed"


@pytest.mark.parametrize(("engine", "code"), [("unimportable", 78), ("dead", 70)])
def test_an_engine_that_no_job_can_start_ends_the_worker(start, engine, code):
    worker = start(CONCORD_TEST_ENGINE=engine)
    assert worker.end() == code
    assert "cannot be imported" in worker.errors() or "can no longer compute" in worker.errors()


def start_with(tmp_path, *flags):
    command = [sys.executable, str(WORKERS / "main.py"), "--device", "cpu", *flags]
    return subprocess.run(command, input=b"", capture_output=True, cwd=tmp_path, timeout=60)


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["--output-dir", "afile"], "the output directory afile cannot be written"),
        (["--output-dir", "afile/below"], "the output directory afile/below cannot be written"),
        (["--output-dir", "/proc/nothing"], "the output directory /proc/nothing cannot be written"),
        (["--model-root", "afile"], "the model root afile is no folder"),
        (["--input-root", "afile"], "the input root afile is no folder"),
        (["--config", "absent.json"], "absent.json cannot be read"),
        (["--unknown-flag"], "unrecognized arguments"),
        (["--threads", "0"], "--threads"),
        (["--device", "gpu_77"], "gpu_77"),
    ],
)
def test_a_configuration_that_cannot_start_exits_78_and_says_why(tmp_path, flags, why):
    (tmp_path / "afile").write_text("x")
    ended = start_with(tmp_path, *flags)
    assert ended.returncode == 78
    assert ended.stdout == b""
    assert why in ended.stderr.decode()


def test_roots_that_do_not_exist_yet_hold_nothing(tmp_path):
    ended = start_with(tmp_path, "--model-root", "later", "--input-root", "later", "--output-dir", "out")
    assert ended.returncode == 0
    assert ended.stderr.decode().count("later does not exist") == 2
    assert not list((tmp_path / "out").iterdir())
