"""Starting and ending: readiness, the end of stdin, `shutdown`, signals, a crash."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest
from documents import job
from test_order import query, wait_for
from worker_process import WORKERS, WorkerProcess, id_of

TRAINING = {"training_type": "LoRA", "base_model": "base", "training_data": "cats", "output_name": "t"}


def test_nothing_is_said_before_the_first_command(worker):
    assert worker.ask(query("q", "get_status"))["success"]
    assert len(worker.lines) == 1


def test_it_answers_while_the_engine_starts(start, tmp_path):
    worker = start(CONCORD_TEST_ENGINE="slow")
    first = worker.ask({"action": "initialize", "request_id": "i", "payload": {"features": ["events", "out_of_order"]}})
    assert first["data"]["worker"] == "concord-python" and first["data"]["gpu_id"] == "cpu_0"
    assert worker.ask(query("s", "get_status"))["data"]["state"] == "starting"
    worker.send(query("waits", "get_capabilities"), job("job"), job("gone"))
    assert worker.event("heartbeat")["state"] == "starting"
    worker.send({"action": "cancel", "request_id": "c", "payload": {"target_request_id": "gone"}})
    assert worker.reply("gone")["error_details"]["code"] == "cancelled"
    (tmp_path / "start").touch()
    # A query and a job that waited for the engine are answered by two threads, in either order.
    replies = {id_of(reply): reply["success"] for reply in (worker.reply() for _ in range(3))}
    assert replies == {"c": True, "waits": True, "job": True}


def test_an_engine_that_does_not_start_is_said_in_every_reply(start):
    worker = start(CONCORD_TEST_ENGINE="broken")
    assert worker.ask(job("j"))["error_details"]["code"] == "internal"
    status = worker.ask(query("s", "get_status"))["data"]
    assert status["state"] == "error" and "the driver is not there" in status["error_message"]


def test_the_end_of_stdin_answers_what_was_read(start):
    worker = start()
    worker.send(job("a"), query("b"))
    worker.close()
    assert worker.end() == 0
    assert [id_of(frame) for frame in worker.frames()] == ["a", "b"]
    assert all(frame["success"] for frame in worker.frames())


def test_what_is_not_done_4_s_after_the_end_of_stdin_is_cancelled(start, tmp_path):
    worker = start()
    worker.send(job("a", f"wait for {tmp_path / 'never'}"), job("b"))
    wait_for(tmp_path / "never.begun")
    began = time.monotonic()
    worker.close()
    assert worker.end() == 0
    assert 3.5 < time.monotonic() - began < 5.5
    assert [frame["error_details"]["code"] for frame in worker.frames()] == ["shutting_down"] * 2


def test_a_job_that_does_not_stop_does_not_keep_the_process(start, tmp_path):
    worker = start()
    worker.send(job("a", "deaf"))
    wait_for(tmp_path / "deaf.begun")
    began = time.monotonic()
    worker.close()
    assert worker.end() == 0
    assert time.monotonic() - began < 5.5
    assert worker.frames()[0]["error_details"]["code"] == "shutting_down"


def test_on_eof_finish_waits_for_the_work(start, tmp_path):
    gate = tmp_path / "gate"
    worker = start("--on-eof", "finish")
    worker.send(job("a", f"wait for {gate}"), query("q"))
    wait_for(tmp_path / "gate.begun")
    worker.close()
    with pytest.raises(subprocess.TimeoutExpired):
        worker.process.wait(5)  # longer than the grace that it does not have
    gate.touch()
    assert worker.end() == 0
    assert [frame["success"] for frame in worker.frames()] == [True, True]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_patience_of_on_eof_finish(start, tmp_path, number):
    worker = start("--on-eof", "finish")
    worker.ask({"action": "initialize", "request_id": "i", "payload": {"features": ["out_of_order"]}})
    worker.send(job("a", f"wait for {tmp_path / 'never'}"))
    wait_for(tmp_path / "never.begun")
    worker.write(json.dumps(query("last", "get_status")).encode())  # without its LF it is a line once stdin has ended
    worker.close()
    assert worker.reply("last")["success"]
    began = time.monotonic()
    worker.process.send_signal(number)
    assert worker.end() == 0
    assert 3.5 < time.monotonic() - began < 5.5
    assert worker.frames()[-1]["error_details"]["code"] == "shutting_down"


def test_a_signal_pauses_a_training_that_on_eof_finish_waits_for(start, tmp_path):
    worker = start("--on-eof", "finish")
    worker.ask({"action": "start_training", "payload": TRAINING})
    worker.write(json.dumps(query("last", "get_status")).encode())
    worker.close()
    assert worker.reply("last")["success"]
    worker.process.send_signal(signal.SIGTERM)
    assert worker.end() == 0
    assert (tmp_path / "t.paused").exists()


def test_shutdown_is_the_last_line_and_nothing_is_read_after_it(start, tmp_path):
    gate = tmp_path / "gate"
    worker = start()
    shutdown = {"action": "shutdown", "request_id": "end", "payload": {"grace_seconds": 60}}
    worker.send(job("a", f"wait for {gate}"))
    wait_for(tmp_path / "gate.begun")
    worker.send(shutdown, query("late"))
    gate.touch()
    assert worker.end() == 0
    assert [id_of(frame) for frame in worker.frames()] == ["a", "end"]
    assert worker.frames()[-1] == worker.frames()[-1] | {"success": True, "data": {}}


def test_the_grace_of_a_shutdown_ends(start, tmp_path):
    worker = start()
    worker.send(job("a", f"wait for {tmp_path / 'never'}"))
    wait_for(tmp_path / "never.begun")
    worker.send({"action": "shutdown", "request_id": "end", "payload": {"grace_seconds": 0.2}})
    assert worker.end() == 0
    assert [frame["success"] for frame in worker.frames()] == [False, True]


def test_the_end_of_stdin_shortens_a_longer_grace(start, tmp_path):
    worker = start()
    worker.send(job("a", f"wait for {tmp_path / 'never'}"))
    wait_for(tmp_path / "never.begun")
    worker.send({"action": "shutdown", "request_id": "end", "payload": {"grace_seconds": 600}})
    began = time.monotonic()
    worker.close()
    assert worker.end() == 0
    assert time.monotonic() - began < 5.5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_a_polite_end_too(start, number):
    worker = start()
    assert worker.ask(query("q", "get_status"))["success"]
    worker.process.send_signal(number)
    assert worker.end() == 0


@pytest.mark.parametrize(
    ("begun", "answer"), [(json.dumps(query("b", "get_status")), (True, "b")), ('{"action":"get_st', (False, None))]
)
def test_a_line_that_has_begun_is_answered_at_a_signal(start, tmp_path, begun, answer):
    worker = start()
    # Read in one piece with the job's line, which has begun to run when the signal comes.
    worker.write(json.dumps(job("a", f"wait for {tmp_path / 'gate'}")).encode() + b"\n" + begun.encode())
    wait_for(tmp_path / "gate.begun")
    worker.process.send_signal(signal.SIGTERM)
    (tmp_path / "gate").touch()
    assert worker.end() == 0
    assert [(frame["success"], id_of(frame)) for frame in worker.frames()] == [(True, "a"), answer]


def test_a_training_is_paused_at_the_end_of_stdin(start, tmp_path):
    worker = start()
    worker.ask({"action": "start_training", "payload": TRAINING})
    worker.close()
    assert worker.end() == 0
    assert (tmp_path / "t.paused").exists()


def test_a_worker_that_dies_leaves_whole_lines(start):
    worker = start()
    worker.send(query("q", "get_status"), job("a", "leave"))
    assert worker.end() == 9
    assert [id_of(frame) for frame in worker.frames()] == ["q"]


def test_whatever_prints_prints_elsewhere(eager):
    eager.send(job("a", "print"))
    assert eager.reply("a")["success"]
    assert all(isinstance(frame, dict) for frame in eager.frames())
    for who in ("print()", "sys.__stdout__", "os.write(1)", "a child", "puts()"):
        eager.error_line(f"{who} was here")


def test_help_is_for_people(tmp_path):
    worker = WorkerProcess(tmp_path, "--help", script=WORKERS / "main.py")
    assert worker.process.wait(30) == 0
    assert worker.process.stdin is not None
    worker.kill()
    assert any(b"--on-eof" in line for line in worker.lines)


@pytest.mark.parametrize(
    ("flags", "environment", "what"),
    [
        (["--nonsense"], {}, "--nonsense"),
        (["--worker", "other"], {}, "pipeline_manager"),
        (["--schema", "absent.json"], {}, "--schema"),
        (["--config", "absent.toml"], {}, "--config"),
        (["--config", "twice.json"], {}, "stands twice"),
        (["--config", "deep.json"], {}, "--config deep.json cannot be read"),
        (["--schema", "deep.json"], {}, "--schema deep.json cannot be read"),
        (["--model-root", ""], {}, "--model-root"),
        (["--output-dir", ""], {}, "--output-dir"),
        ([], {"CONCORD_INPUT_ROOTS": ""}, "CONCORD_INPUT_ROOTS"),
        ([], {"CONCORD_MODEL_ROOTS": "a::b"}, "CONCORD_MODEL_ROOTS"),
        ([], {"CUDA_VISIBLE_DEVICES": "GPU-00000000-0000-0000-0000-000000000000"}, "does not have"),
        ([], {"GPU_ID": "rubbish"}, "rubbish"),
        (["--device", "gpu_77"], {}, "gpu_77"),
    ],
)
def test_what_it_cannot_do_stops_the_start(tmp_path, flags, environment, what):
    (tmp_path / "twice.json").write_text('{"device": "cpu", "device": "gpu_0"}')
    (tmp_path / "deep.json").write_text("[" * 100_000)
    worker = WorkerProcess(tmp_path, *flags, **environment)
    assert worker.process.wait(30) == 78
    worker.kill()
    assert what in worker.errors() and worker.lines == []


def test_no_heavy_library_is_imported_before_it_answers(tmp_path):
    script = tmp_path / "probe.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(WORKERS)!r})\n"
        "import concord_workers.worker.run\n"
        "print([name for name in ('torch', 'diffusers', 'numpy', 'PIL') if name in sys.modules])\n"
    )
    found = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"
