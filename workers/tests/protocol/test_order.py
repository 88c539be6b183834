"""Order: one line a command in its place, or replies when they are ready."""

from __future__ import annotations

import json
import threading

import pytest
from documents import job
from worker_process import id_of

from concord_workers.core.protocol_state import ProtocolState


def query(request_id, action="get_queue_status"):
    return {"action": action, "request_id": request_id, "payload": {}}


def test_lines_come_in_the_order_of_the_commands(worker, tmp_path):
    gate = tmp_path / "gate"
    commands = [job("a", f"wait for {gate}"), query("b"), job("c"), {"action": "nonsense", "request_id": "d"}, query("e")]
    worker.send(*commands)
    wait_for(tmp_path / "gate.begun")
    gate.touch()
    assert [id_of(worker.reply()) for _ in commands] == ["a", "b", "c", "d", "e"]


def test_a_query_sees_what_the_commands_before_it_did_and_nothing_later(worker):
    load = {"action": "load_model", "request_id": "l", "payload": {"model_path": "base", "model_type": "sdxl"}}
    unload = {"action": "unload_model", "request_id": "u", "payload": {}}
    worker.send(query("0", "get_model_info"), load, query("1", "get_model_info"), unload, query("2", "get_model_info"))
    replies = {id_of(frame): frame for frame in (worker.reply() for _ in range(5))}
    assert [len(replies[name]["data"]["models"]) for name in ("0", "1", "2")] == [0, 1, 0]


def test_a_line_is_answered_before_the_next_is_sent(worker):
    for index in range(50):
        assert id_of(worker.ask(query(f"q{index}", "get_status"))) == f"q{index}"


def test_without_an_id_replies_are_told_by_their_place(worker):
    worker.send({"action": "get_schedulers"}, {"action": "get_status"})
    assert "Schedulers" in worker.reply()["Data"] and "State" in worker.reply()["Data"]


def test_out_of_order_a_query_is_answered_while_a_job_runs(eager, tmp_path):
    gate = tmp_path / "gate"
    eager.send(job("slow", f"wait for {gate}"))
    wait_for(tmp_path / "gate.begun")
    frame = eager.ask(query("q", "get_status"))
    assert frame["data"]["state"] == "running" and frame["data"]["running_request_id"] == "slow"
    rows = eager.ask(query("s"))["data"]
    assert (rows["currently_processing"], rows["queued_requests"][0]["status"]) == (1, "running")
    gate.touch()
    assert eager.reply("slow")["success"]


def test_out_of_order_every_command_needs_an_id(eager):
    error = eager.ask({"action": "get_status"})["ErrorDetails"]
    assert (error["Code"], error["Field"]) == ("missing_field", "/request_id")


def test_jobs_run_first_in_first_out(eager, tmp_path):
    gate = tmp_path / "gate"
    eager.send(job("a", f"wait for {gate}"), job("b"), job("c"))
    wait_for(tmp_path / "gate.begun")
    status = eager.ask(query("s"))["data"]
    assert status["total_queued"] == 2
    assert [row["request_id"] for row in status["queued_requests"]] == ["a", "b", "c"]
    assert [row["queue_position"] for row in status["queued_requests"]] == [0, 1, 2]
    gate.touch()
    assert [id_of(eager.reply()) for _ in "abc"] == ["a", "b", "c"]


def test_an_id_in_flight_is_conflict_and_free_again_after_its_end(eager, tmp_path):
    gate = tmp_path / "gate"
    eager.send(job("same", f"wait for {gate}"))
    wait_for(tmp_path / "gate.begun")
    refused = eager.ask(query("same"))
    assert refused["error_details"]["code"] == "conflict" and refused["error_details"]["field"] == "/request_id"
    # What cannot be read as a command is none's reply either.
    for line in (
        b'{"action":"nonsense","request_id":"same","payload":{}}',
        b'{"action":"get_status","request_id":"same","payload":{"a":1,"a":2}}',
    ):
        eager.write(line + b"\n")
        assert eager.reply("same")["error_details"]["code"] == "conflict"
    gate.touch()
    assert eager.reply("same")["success"]
    assert eager.ask(job("same"))["success"]


def test_initialize_again_is_conflict_while_a_job_runs(eager, tmp_path):
    gate = tmp_path / "gate"
    eager.send(job("a", f"wait for {gate}"))
    wait_for(tmp_path / "gate.begun")
    again = {"action": "initialize", "request_id": "i", "payload": {"features": []}}
    assert eager.ask(again)["error_details"]["code"] == "conflict"
    gate.touch()
    assert eager.reply("a")["success"]
    assert eager.ask(again)["data"]["features"] == []


def test_events_of_a_request_come_before_its_reply_and_grow(eager):
    eager.send(job("a", scheduler={"steps": 5}))
    reply = eager.reply("a")
    assert reply["success"]
    eager.ask(query("later"))
    frames = eager.frames()
    own = [frame for frame in frames if frame.get("event") and frame["request_id"] == "a"]
    assert [frame["step"] for frame in own if frame["stage"] == "denoising"] == [1, 2, 3, 4, 5]
    assert frames.index(own[-1]) < frames.index(reply)
    sequences = [frame["sequence"] for frame in frames if "event" in frame]
    assert sequences == list(range(len(sequences)))


def test_events_begin_after_the_reply_that_agrees_on_them():
    lines: list[bytes] = []

    class Lines:
        def write(self, frame: bytes) -> None:
            lines.append(frame)

    protocol = ProtocolState(Lines())
    protocol.agree(["events"], None, "snake")
    protocol.event("log", {"level": "info", "message": "too early"})
    protocol.reply(b"the reply", "snake")
    assert lines == [b"the reply"]
    protocol.opened()
    protocol.event("log", {"level": "info", "message": "in time"})
    assert [json.loads(line)["sequence"] for line in lines[1:]] == [0]


def test_an_event_that_has_begun_waits_for_a_second_agreement():
    lines: list[bytes] = []

    class Lines:
        def write(self, frame: bytes) -> None:
            lines.append(frame)

    class Lock:
        """A lock before which another thread agrees anew: the event has begun, and has not got the lock."""

        def __init__(self) -> None:
            self.lock = threading.Lock()
            self.before = lambda: protocol.agree(["events"], None, "snake")

        def __enter__(self) -> None:
            before, self.before = self.before, lambda: None
            before()
            self.lock.acquire()

        def __exit__(self, *_: object) -> None:
            self.lock.release()

    protocol = ProtocolState(Lines())
    protocol.agree(["events"], None, "snake")
    protocol.opened()
    protocol._lock = Lock()
    protocol.event("heartbeat", {})
    protocol.reply(b"the second reply", "snake")
    assert lines == [b"the second reply"]


def test_previews_only_where_they_were_negotiated(start):
    for features, wanted in ((["events"], False), (["events", "previews"], True)):
        worker = start()
        worker.ask({"action": "initialize", "payload": {"features": features}})
        worker.ask(job("a"))
        assert any(frame.get("event") == "preview" for frame in worker.frames()) == wanted


def test_the_heart_beats_while_a_job_runs(eager, tmp_path):
    gate = tmp_path / "gate"
    eager.send(job("a", f"wait for {gate}"))
    wait_for(tmp_path / "gate.begun")
    beat = eager.until(lambda frame: frame.get("event") == "heartbeat" and frame["state"] == "running")
    assert beat["running_request_id"] == "a" and beat["stage"] == "denoising" and beat["request_id"] is None
    assert beat["last_progress_seconds"] < 5
    gate.touch()


def test_while_it_trains_jobs_and_loads_are_refused_and_queries_answered(eager):
    training = {"training_type": "LoRA", "base_model": "base", "training_data": "cats", "output_name": "t"}
    eager.send({"action": "start_training", "request_id": "t", "payload": training})
    assert eager.event("training_progress")["training_id"] == "t"
    assert eager.reply("t")["data"]["state"] == "queued"
    load = {"action": "load_model", "request_id": "l", "payload": {"model_path": "base", "model_type": "sdxl"}}
    for command in (job("j"), load, {"action": "cleanup_memory", "request_id": "c", "payload": {}}):
        assert eager.ask(command)["error_details"]["code"] == "worker_busy"
    assert eager.ask(query("q", "get_status"))["data"]["state"] == "training"
    stop = {"action": "stop_training", "request_id": "s", "payload": {"training_id": "t"}}
    assert eager.ask(stop)["data"]["state"] == "paused"
    assert eager.ask(job("j2"))["success"]


def test_frames_that_are_none_are_answered_and_the_stream_goes_on(worker):
    worker.write(b'\xef\xbb\xbf{"action":"get_status"}\r\n\r\n   \nnonsense\n{"a":"\xff"}\n{"action":"get_status"}\n')
    replies = [worker.reply() for _ in range(4)]
    assert [frame["Success"] for frame in replies] == [True, False, False, True]
    assert {replies[1]["ErrorDetails"]["Code"], replies[2]["ErrorDetails"]["Code"]} == {"bad_frame"}
    assert replies[1]["RequestId"] is None


def test_a_frame_over_the_limit_is_refused_and_the_next_is_read(start):
    worker = start("--frame-bytes-max", "2000")
    worker.send({"action": "get_status", "request_id": "x" * 3000})
    assert worker.reply()["ErrorDetails"]["Code"] == "frame_too_large"
    assert worker.ask({"action": "get_status", "payload": {}})["success"]


def test_many_commands_before_anything_is_read_do_not_hang(worker):
    count = 3000  # their replies are more than any pipe holds
    worker.send(*({"action": "get_status", "request_id": f"q{index}"} for index in range(count)))
    assert [id_of(worker.reply()) for _ in range(count)] == [f"q{index}" for index in range(count)]


@pytest.mark.parametrize("spelt", ["gpu_0", "gpu_7"])
def test_another_gpu_than_its_own_is_refused(worker, spelt):
    error = worker.ask({"action": "get_status", "gpu_id": spelt, "payload": {}})["error_details"]
    assert (error["code"], error["field"]) == ("unsupported_feature", "/gpu_id")
    assert worker.ask({"action": "get_status", "gpu_id": "cpu_0", "payload": {}})["success"]


def wait_for(path, seconds=60.0):
    """Waits for a file that another process makes."""
    import threading
    import time

    end = time.monotonic() + seconds
    pause = threading.Event()
    while not path.exists():
        assert time.monotonic() < end, f"{path} did not come"
        pause.wait(0.005)
