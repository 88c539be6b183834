"""Cancelling, timeouts and batches: each job has one end, and it is the right one."""

from __future__ import annotations

from documents import job, submission
from test_order import query, wait_for
from worker_process import id_of


def cancel(target, request_id="c", **fields):
    return {"action": "cancel", "request_id": request_id, "payload": {"target_request_id": target, **fields}}


def batch(request_id, prompts, **fields):
    payload = {"requests": [submission(prompt) for prompt in prompts], **fields}
    return {"action": "batch_generate", "request_id": request_id, "payload": payload}


def test_a_running_job_is_cancelled_and_the_cancel_answered_after_it(eager, tmp_path):
    eager.send(job("a", f"wait for {tmp_path / 'never'}"))
    wait_for(tmp_path / "never.begun")
    eager.send(cancel("a"))
    first, second = eager.reply(), eager.reply()
    assert (id_of(first), first["error_details"]["code"]) == ("a", "cancelled")
    assert second["data"] == {"target_request_id": "a", "was": "running"}
    assert eager.ask(job("b"))["success"]


def test_a_waiting_job_is_cancelled_at_once(eager, tmp_path):
    gate = tmp_path / "gate"
    eager.send(job("a", f"wait for {gate}"), job("b"))
    wait_for(tmp_path / "gate.begun")
    eager.send(cancel("b"))
    first, second = eager.reply(), eager.reply()
    assert (id_of(first), first["error_details"]["code"]) == ("b", "cancelled")
    assert second["data"]["was"] == "queued"
    gate.touch()
    assert eager.reply("a")["success"]


def test_in_order_a_cancel_acts_when_it_is_read_and_answers_in_its_place(worker, tmp_path):
    worker.send(job("a", f"wait for {tmp_path / 'never'}"), job("b"), query("q"), cancel("b", "c1"), cancel("a", "c2"))
    replies = [worker.reply() for _ in range(5)]
    assert [id_of(frame) for frame in replies] == ["a", "b", "q", "c1", "c2"]
    assert [frame["success"] for frame in replies] == [False, False, True, True, True]


def test_what_is_unknown_or_has_ended_is_not_found(eager):
    error = eager.ask(cancel("nobody"))["error_details"]
    assert (error["code"], error["field"]) == ("job_not_found", "/payload/target_request_id")
    eager.ask(job("done"))
    assert eager.ask(cancel("done", "c2"))["error_details"]["details"] == {"status": "completed"}


def test_another_attempt_is_left_alone(eager, tmp_path):
    gate = tmp_path / "gate"
    eager.send(job("a", f"wait for {gate}") | {"attempt": 2})
    wait_for(tmp_path / "gate.begun")
    assert eager.ask(cancel("a", attempt=1))["error_details"]["code"] == "job_not_found"
    gate.touch()
    assert eager.reply("a")["success"]


def test_a_job_over_its_time_ends_with_timeout(eager, tmp_path):
    never = tmp_path / "never"
    eager.send(job("a", f"wait for {never}", metadata={"timeout_seconds": 1}))
    assert eager.reply("a")["error_details"]["code"] == "timeout"


def test_waiting_counts_towards_the_timeout(eager, tmp_path):
    gate = tmp_path / "gate"
    eager.send(job("a", f"wait for {gate}"), job("b", metadata={"timeout_seconds": 1}))
    assert eager.reply("b")["error_details"]["code"] == "timeout"
    gate.touch()
    assert eager.reply("a")["success"]


def test_a_batch_goes_on_after_a_failure_or_does_not(eager):
    data = eager.ask(batch("b", ["one", "out of memory", "three"]))["data"]
    assert [row["success"] for row in data["results"]] == [True, False, True]
    assert [row["request_id"] for row in data["results"]] == ["b.0", "b.1", "b.2"]
    assert (data["succeeded"], data["failed"], data["cancelled"]) == (2, 1, 0)
    data = eager.ask(batch("b", ["one", "out of memory", "three", "four"], continue_on_error=False))["data"]
    assert [(row["error_details"] or {}).get("code") for row in data["results"]] == [
        None,
        "out_of_memory",
        "cancelled",
        "cancelled",
    ]
    assert (data["succeeded"], data["failed"], data["cancelled"]) == (1, 1, 2)


def test_one_request_of_a_batch_is_cancelled(eager, tmp_path):
    gate = tmp_path / "gate"
    eager.send(batch("b", [f"wait for {gate}", "two", f"wait for {tmp_path / 'never'}", "four"]))
    wait_for(tmp_path / "gate.begun")
    assert eager.ask(cancel("b.1"))["data"]["was"] == "queued"
    gate.touch()
    wait_for(tmp_path / "never.begun")
    assert eager.ask(cancel("b.2"))["data"]["was"] == "running"
    rows = eager.reply("b")["data"]["results"]
    assert [(row["error_details"] or {}).get("code") for row in rows] == [None, "cancelled", "cancelled", None]


def test_a_batch_is_cancelled_as_a_whole(eager, tmp_path):
    eager.send(batch("b", [f"wait for {tmp_path / 'never'}", "two"]))
    wait_for(tmp_path / "never.begun")
    eager.send(cancel("b"))
    assert eager.reply("b")["error_details"]["code"] == "cancelled"
    assert eager.reply("c")["data"]["was"] == "running"
    assert eager.ask(cancel("b.7", "c2"))["error_details"]["code"] == "job_not_found"


def test_a_batch_has_a_timeout_of_its_own(eager, tmp_path):
    eager.send(batch("b", [f"wait for {tmp_path / 'never'}", "two"], timeout_seconds=1))
    assert eager.reply("b")["error_details"]["code"] == "timeout"


def test_failures_have_their_codes_and_the_worker_goes_on(eager):
    for prompt, code in (("out of memory", "out_of_memory"), ("disk full", "storage_full"), ("unforeseen", "internal")):
        reply = eager.ask(job("a", prompt))
        assert reply["error_details"]["code"] == code
        assert "secret" not in reply["error"]
    assert eager.ask(job("a"))["success"]
    eager.error_line("a secret of the inside")
    metrics = eager.ask(query("m", "get_performance_metrics"))["data"]
    assert (metrics["jobs_completed"], metrics["commands_failed"], metrics["images_generated"]) == (1, 3, 1)


def test_pointers_and_warnings_are_the_senders(worker):
    request = {"Model": {"Base": "nope"}, "Conditioning": {"Prompt": "x"}}
    error = worker.ask({"action": "enhanced_sdxl", "request": request})["ErrorDetails"]
    assert (error["Code"], error["Field"]) == ("model_not_found", "/request/Model/Base")
    request = {"Model": {"Base": "base"}, "Conditioning": {"Prompt": "x", "LoRAs": [{"Name": "l", "Weight": 0.5}]}}
    frame = worker.ask({"action": "enhanced_sdxl", "session_id": "s1", "request": request})
    assert frame["WarningDetails"][0]["Pointer"] == "/request/Conditioning/LoRAs/0/Weight"
    assert frame["Data"]["Warnings"] == frame["Warnings"] == ["half a LoRA"]
    assert frame["SessionId"] == frame["Data"]["SessionId"] == "s1"


def test_a_flat_job_without_a_model_uses_the_current_one(worker):
    flat = {"action": "generate_image", "parameters": {"prompt": "x", "width": 64, "height": 64}}
    assert worker.ask(flat)["ErrorDetails"]["Code"] == "model_not_loaded"
    worker.ask({"action": "load_model", "model_path": "other", "model_type": "sdxl"})
    data = worker.ask(flat)["Data"]
    assert (data["ModelId"], data["OutputPath"], data["Width"], data["Seed"]) == ("other", data["Images"][0], 64, 7)


def test_validation_says_all_faults_and_what_was_understood(worker):
    invalid = submission(model={"base": "nope"}, scheduler={"steps": 0})
    data = worker.ask({"action": "validate_request", "payload": {"request": invalid}})["data"]
    assert [(row["code"], row["pointer"]) for row in data["errors"]] == [
        ("out_of_range", "/payload/request/scheduler/steps"),
        ("model_not_found", "/payload/request/model/base"),
    ]
    assert not data["valid"] and data["normalized"]["scheduler"]["steps"] == 0 and data["effective"] is not None
    unread = worker.ask({"action": "validate_request", "payload": {"request": submission(nonsense={})}})["data"]
    assert not unread["valid"] and unread["normalized"] is None and unread["effective"] is None
    assert not worker.ask({"action": "validate_request", "payload": {}})["success"]
    valid = worker.ask({"action": "validate_request", "payload": {"request": submission()}})["data"]
    assert valid["valid"] and valid["validation_details"]["pixel_count"] == 4096
