"""The record: members as the schema has them, one owner, names taken once, whole after a crash."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import re
from pathlib import Path

import pytest
import torch
from training_lab import WAIT_SECONDS, WORKERS, fill, job

from concord_workers.core.clock import timestamp
from concord_workers.core.errors import Conflict, ContractError, PathNotAllowed, TrainingNotFound, ValidationFailed
from concord_workers.core.ids import uuid7
from concord_workers.core.log_context import add_command, command_context
from concord_workers.training import record as record_module
from concord_workers.training.record import Record, RecordStore
from concord_workers.training.trainer import Trainer

SCHEMAS = WORKERS.parent / "schemas"
TRAINING = json.loads((SCHEMAS / "training_schema.json").read_text())["$defs"]


def assert_members(document: dict, schema: dict) -> None:
    assert set(schema["required"]) <= set(document) <= set(schema["properties"])
    assert None not in document.values()


def make(store: RecordStore, training_id: str, output_name: str, **status):
    first = {"training_id": training_id, "state": "queued", "step": 0, "total_steps": 9}
    return store.create(training_id, output_name, {}, {**first, **status})


def test_status_and_history_are_the_schemas(lab):
    gate = lab.hold_at(2)
    training_id = lab.start(**job("lora", validation_prompt="a cat", validation_every=2, hyperparameters={"max_steps": 3}))
    assert gate.reached.wait(WAIT_SECONDS)
    running = lab.manager.status(training_id)
    assert running["state"] == "running" and running["estimated_seconds_remaining"] > 0
    gate.opened.set()
    ended = lab.wait(training_id)
    for status in (running, ended):
        assert_members(status, TRAINING["TrainingStatus"])
    for row in lab.manager.history(training_id):
        assert_members(row, TRAINING["TrainingHistoryRow"])
    started = lab.manager.start(job("lora", hyperparameters={"max_steps": 1}))
    assert set(started) == {"training_id", "state", "output_path"}
    lab.wait(started["training_id"])
    assert {event["state"] for event in lab.events} <= set(TRAINING["TrainingState"]["enum"])
    always = {"event", "request_id", "training_id", "state", "epoch", "step", "total_steps"}
    # No loss is said before there is one.
    assert all(set(event) == (always | {"loss"} if event["step"] else always) for event in lab.events)
    assert "loss" not in lab.events[0] and "loss" in lab.events[-1]


def test_seed_that_was_chosen_is_kept(lab):
    training_id = lab.start(**job("lora", hyperparameters={"max_steps": 1, "seed": -1}))
    lab.wait(training_id)
    recorded = json.loads((lab.output / "training" / training_id / "job.json").read_text())["job"]
    assert 0 <= recorded["seed"] <= 2**31 - 17 and recorded["seed_said"] == -1


def test_output_name_is_taken_once(lab):
    first = lab.start(**job("lora", output_name="mine", hyperparameters={"max_steps": 1}))
    with pytest.raises(Conflict, match='output_name "mine" is taken by training') as raised:
        lab.start(**job("lora", output_name="mine"))
    assert raised.value.field == "/output_name"
    lab.wait(first)
    with pytest.raises(Conflict):
        lab.start(**job("lora", output_name="mine"))
    assert [path.name for path in (lab.output / "training").iterdir() if path.name != "names"] == [first]


def test_a_name_is_free_when_its_training_is_gone(tmp_path):
    store = RecordStore(tmp_path)
    record = make(store, "one", "mine")
    record.release()
    for path in record.folder.iterdir():
        path.unlink()
    record.folder.rmdir()
    assert make(store, "two", "mine").training_id == "two"


def test_training_id_is_taken_once(tmp_path):
    store = RecordStore(tmp_path)
    make(store, "one", "a")
    with pytest.raises(Conflict, match="exists already"):
        make(store, "one", "b")
    make(store, "two", "b")


@pytest.mark.parametrize("training_id", ["", "nobody", "..", "../one", "one/", "/etc", "names", "a\0b", "x" * 129])
def test_training_not_found(tmp_path, training_id):
    store = RecordStore(tmp_path)
    make(store, "one", "a")
    with pytest.raises(TrainingNotFound):
        store.open(training_id)


def test_orphans_are_settled_and_owners_are_not(tmp_path):
    store = RecordStore(tmp_path)
    orphan = make(store, "orphan", "a", state="running", step=4, checkpoint_path="/c/step-3", estimated_seconds_remaining=5.0)
    orphan.release()
    make(store, "owned", "b", state="running", step=4)
    make(store, "done", "c", state="completed").release()
    failed: list[str] = []
    RecordStore(tmp_path).recover(failed.append)
    assert failed == ["orphan"]
    status = store.status("orphan")
    assert status["state"] == "failed" and "estimated_seconds_remaining" not in status
    assert status["error"] == "the worker ended at step 4 of 9 while running; its last checkpoint is /c/step-3"
    assert store.status("owned")["state"] == "running"
    assert store.status("done")["state"] == "completed"


def test_a_damaged_record_does_not_keep_a_worker_from_starting(tmp_path, caplog):
    store = RecordStore(tmp_path)
    damaged = make(store, "damaged", "a", state="running")
    damaged.release()
    (damaged.folder / "status.json").write_text("")
    make(store, "orphan", "b", state="running").release()
    failed: list[str] = []
    store.recover(failed.append)
    assert failed == ["orphan"] and "training damaged cannot be recovered" in caplog.text
    with pytest.raises(ContractError, match="record of training damaged is damaged"):
        store.status("damaged")


def test_history_with_a_row_cut_short(tmp_path, caplog):
    record = make(RecordStore(tmp_path), "one", "a")
    for step in (1, 2, 3):
        record.append_history({"step": step})
    with open(record.folder / "history.jsonl", "ab") as file:
        file.write(b'{"step":4,"lo')
    with caplog.at_level(logging.WARNING):
        assert [row["step"] for row in record.history()] == [1, 2, 3]
    assert "ends in the middle of a row" in caplog.text
    record.cut_history(2)
    record.append_history({"step": 3})
    assert [row["step"] for row in record.history()] == [1, 2, 3]


def test_history_of_a_long_training_is_thinned(tmp_path, make_lab):
    lab = make_lab(tmp_path, history_rows_max=4)
    fill(lab.inputs / "cats")
    training_id = lab.start(**job("lora", hyperparameters={"max_steps": 10}))
    lab.wait(training_id)
    assert [row["step"] for row in lab.manager.history(training_id)] == [1, 3, 6, 9, 10]


def refusal(lab, **fields) -> ContractError:
    with pytest.raises(ContractError) as raised:
        lab.start(**fields)
    assert not (lab.output / "training").exists() or not list((lab.output / "training").iterdir())
    return raised.value


def test_refusals_leave_nothing_behind(lab, tmp_path):
    missing = refusal(lab, **job("lora", data="nowhere"))
    assert isinstance(missing, ValidationFailed) and missing.field == "/training_data"
    assert [entry["pointer"] for entry in missing.errors] == ["/training_data"]
    outside = refusal(lab, **job("lora", data=str(fill(tmp_path / "elsewhere"))))
    assert isinstance(outside, PathNotAllowed) and outside.field == "/training_data"
    for base, code in (
        ("no_such_model", "model_not_found"),
        ("sdxl_refiner", "model_invalid"),
        ("/etc/passwd", "path_not_allowed"),
    ):
        error = refusal(lab, **job("lora", base=base))
        assert (error.code, error.field) == (code, "/base_model")
    (lab.inputs / "cats" / "0.txt").unlink()
    assert refusal(lab, **job("lora")).errors[0]["code"] == "missing_field"


def test_no_effect_is_said(lab):
    warnings: list[tuple[str, str, str]] = []
    document = job("inversion", hyperparameters={"max_steps": 1, "rank": 8}, validation_prompt="a <obj>")
    started = lab.manager.start(document, warn=lambda *warning: warnings.append(warning))
    never = "a validation picture every 500 steps is never drawn in a training of 1 steps"
    assert warnings == [
        ("no_effect", "rank has no effect in Textual Inversion", "/hyperparameters/rank"),
        ("no_effect", never, "/validation_prompt"),
    ]
    lab.wait(started["training_id"])


def test_single_file_base(lab):
    status = lab.wait(lab.start(**job("inversion", base="sdxl_base_file", hyperparameters={"max_steps": 1})))
    assert status["state"] == "completed", status
    assert Path(status["output_path"]).stat().st_mode & 0o777 == 0o644


def test_timestamps_and_ids():
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", timestamp())
    ids = [uuid7() for _ in range(3)]
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", each) for each in ids)
    assert len(set(ids)) == 3 and [each[:8] for each in ids] == sorted(each[:8] for each in ids)


def full(*_args, **_options):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_half_a_row_is_no_row(lab, monkeypatch):
    record = make(RecordStore(lab.output), "t", "t")
    record.append_history({"step": 1})

    class Full(io.FileIO):
        def write(self, content):
            return super().write(bytes(content)[:5])

    monkeypatch.setattr(record_module, "open", lambda path, *_args, **_options: Full(path, "ab"), raising=False)
    with pytest.raises(OSError, match="No space"):
        record.append_history({"step": 2})
    monkeypatch.undo()
    record.append_history({"step": 3})
    assert [row["step"] for row in record.history()] == [1, 3]


def test_a_disk_that_is_full_for_a_while_costs_no_training(lab, monkeypatch):
    gate, later = lab.hold_at(1), lab.hold_at(3)
    training_id = lab.start(**job("lora", hyperparameters={"max_steps": 5}))
    assert gate.reached.wait(WAIT_SECONDS)
    monkeypatch.setattr(Record, "append_history", full)
    write_status = Record.write_status
    monkeypatch.setattr(Record, "write_status", lambda record, status, durable=True: durable or full())
    gate.opened.set()
    assert later.reached.wait(WAIT_SECONDS)
    monkeypatch.undo()
    assert Record.write_status is write_status
    later.opened.set()
    assert lab.wait(training_id)["state"] == "completed"
    assert [row["step"] for row in lab.manager.history(training_id)] == [1, 2, 3, 4, 5]


def test_a_disk_that_stays_full_fails_the_training_as_storage_full(lab, monkeypatch):
    monkeypatch.setattr(Record, "append_history", full)
    training_id = lab.start(**job("lora", hyperparameters={"max_steps": 2}))
    ended = lab.wait(training_id)
    assert ended["state"] == "failed" and ended["error"].startswith("storage_full")


def test_the_log_says_whose_training_a_line_is_about(lab, monkeypatch):
    lines = []
    handler = logging.Handler()
    handler.addFilter(add_command)
    handler.emit = lambda record: lines.append((record.command, record.getMessage()))
    monkeypatch.setattr(Record, "append_history", full)
    log = logging.getLogger("concord_workers.training.run")
    log.addHandler(handler)
    try:
        started = {}
        for name in ("one", "two"):
            with command_context(name, f"00-{name:a>32}-00f067aa0ba902b7-01"):
                started[name] = lab.start(**job("lora", hyperparameters={"max_steps": 1}))
        for training_id in started.values():
            lab.wait(training_id)
    finally:
        log.removeHandler(handler)
    said = {name: {command for command, text in lines if training_id in text} for name, training_id in started.items()}
    assert said == {name: {f" request_id={name} trace_id={name:a>32}"} for name in started}


def test_without_hard_links_output_names_are_taken_once(lab, monkeypatch):
    def no_links(*_args):
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    store = RecordStore(lab.output)
    make(store, "one", "same")
    with pytest.raises(Conflict, match="taken by training one"):
        make(store, "two", "same")


def test_a_training_whose_device_died_is_failed_and_can_go_on(lab, monkeypatch):
    told = []
    lab.manager.on_device_failure(told.append)
    gate = lab.hold_at(2)
    training_id = lab.start(**job("lora", hyperparameters={"max_steps": 4, "checkpoint_every": 1}))
    assert gate.reached.wait(WAIT_SECONDS)

    def dead(*_args):
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(Trainer, "advance", dead)
    monkeypatch.setattr(type(lab.device), "empty_cache", dead)
    gate.opened.set()
    ended = lab.wait(training_id)
    assert ended["state"] == "failed" and ended["error"].startswith("worker_crashed")
    assert "illegal memory access" in ended["error"] and ended["checkpoint_path"].endswith("step-00000002")
    monkeypatch.undo()
    again = lab.manager.start({"resume_from": training_id})
    assert lab.wait(again["training_id"])["state"] == "completed"
    assert [type(error) for error in told] == [torch.AcceleratorError]
