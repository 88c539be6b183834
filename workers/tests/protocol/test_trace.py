"""Traces: what a command says of its trace stands in its events, where that was negotiated, and in the log."""

from __future__ import annotations

import pytest
from documents import job
from test_order import query

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def negotiated(start, features, dialect="snake"):
    worker = start()
    payload = {"features": features, "dialect": dialect}
    assert worker.ask({"action": "initialize", "request_id": "i", "payload": payload})
    return worker


def events(worker, request_id):
    return [frame for frame in worker.frames() if frame.get("event") and frame["request_id"] == request_id]


@pytest.mark.parametrize("wanted", [True, False], ids=["negotiated", "not-negotiated"])
def test_events_say_the_trace_of_their_command_where_it_was_negotiated(start, wanted):
    worker = negotiated(start, ["events", "previews", "out_of_order", *(["trace"] if wanted else [])])
    assert worker.ask(job("a") | {"traceparent": TRACEPARENT})["success"]
    assert worker.ask(job("b"))["success"]
    own = events(worker, "a")
    assert {frame["event"] for frame in own} == {"progress", "preview"}
    assert {frame.get("traceparent") for frame in own} == {TRACEPARENT if wanted else None}
    others = [frame for frame in worker.frames() if frame.get("event") and frame["request_id"] != "a"]
    assert others and not any("traceparent" in frame for frame in others)


def test_the_events_of_a_batch_say_its_trace_in_their_dialect(start):
    worker = negotiated(start, ["events", "out_of_order", "trace"], "pascal")
    requests = [job("x")["payload"]["prompt_submission"]] * 2
    command = {"action": "batch_generate", "request_id": "a", "payload": {"requests": requests}}
    worker.send(command | {"traceparent": TRACEPARENT})
    assert worker.reply("a")["Success"]
    own = [frame for frame in worker.frames() if frame.get("Event") == "progress"]
    assert own and {frame["Traceparent"] for frame in own} == {TRACEPARENT}


@pytest.mark.parametrize(
    "said",
    [
        TRACEPARENT.upper(),
        TRACEPARENT[:-1],
        TRACEPARENT + "-x",
        f"01-{TRACE}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        7,
    ],
)
def test_a_malformed_one_is_refused_where_it_stands(worker, said):
    refused = worker.ask(query("q", "get_status") | {"traceparent": said})
    assert refused["error_details"]["code"] == "unsupported_value"
    assert refused["error_details"]["field"] == "/traceparent"
    assert len(refused["error"]) < 300


def test_the_log_says_whose_command_a_line_is_about(eager):
    reply = eager.ask(job("secret-job", "unforeseen") | {"traceparent": TRACEPARENT})
    assert reply["error_details"]["code"] == "internal"
    line = eager.error_line("not foreseen")
    assert f" request_id=secret-job trace_id={TRACE}: " in line
    assert eager.ask(job("another", "unforeseen"))["error_details"]["code"] == "internal"
    line = eager.error_line("request_id=another")
    assert "trace_id" not in line


def test_the_log_names_a_query_that_another_command_s_end_lets_in(worker, tmp_path):
    free = tmp_path / "free"
    query = {"action": "get_performance_estimate", "request_id": "asks", "payload": job("x", "no estimate")["payload"]}
    worker.send(job("works", f"wait for {free}") | {"traceparent": TRACEPARENT}, query)
    free.touch()
    assert [worker.reply()["success"] for _ in range(2)] == [True, False]
    line = worker.error_line("not foreseen")
    assert " request_id=asks: " in line and TRACE not in line


def test_pictures_are_the_same_whatever_the_trace(start):
    worker = start()
    first = worker.ask(job("a") | {"traceparent": TRACEPARENT})["data"]
    second = worker.ask(job("b"))["data"]
    assert first["image_details"][0]["sha256"] == second["image_details"][0]["sha256"]
