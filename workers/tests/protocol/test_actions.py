"""Every action in both envelopes and three dialects: it answers, in the right dialect, and its reply fits the schema."""

from __future__ import annotations

import pytest
from documents import FIXTURES, command, submission
from worker_process import WorkerProcess, id_of

from concord_workers.core.actions import actions
from concord_workers.core.dictionary import dictionary
from concord_workers.core.engine import EngineSource
from concord_workers.core.envelope import read_frame
from concord_workers.core.reader import read
from concord_workers.worker.base_worker import BaseWorker

PARAMETERS = {"prompt": "a pier", "width": 64, "height": 64, "steps": 2, "seed": 3, "model_id": "base"}
TRAINING = {"training_type": "LoRA", "base_model": "base", "training_data": "cats"}
FIELDS = {
    "initialize": {"protocol_versions": ["1"]},
    "get_model_info": {},
    "load_model": {"model_path": "base", "model_type": "sdxl"},
    "load_model_to_cache": {"model_path": "base", "model_type": "sdxl"},
    "load_from_cache": {"model_id": "base"},
    "unload_model": {"model_id": "base"},
    "load_sdxl_suite": {"suite_name": "s", "base_model_path": "base"},
    "cache_sdxl_suite": {"suite_name": "s", "base_model_path": "base"},
    "validate_model_files": {"model_paths": ["base"]},
    "generate_image": {"parameters": PARAMETERS},
    "run_inference": {"model_id": "base", "parameters": PARAMETERS},
    "batch_generate": {"requests": [submission(), submission("another")]},
    "start_training": TRAINING,
    "start_sdxl_training": TRAINING,
    "run_self_test": {"scope": "commands"},
}
# What these need has to be there before.
PREPARED = {
    "load_from_cache": {"action": "load_model", "model_path": "base", "model_type": "sdxl"},
    "unload_model": {"action": "load_model", "model_path": "base", "model_type": "sdxl"},
    "get_training_status": {"action": "start_training", **TRAINING, "output_name": "t"},
    "get_training_history": {"action": "start_training", **TRAINING, "output_name": "t"},
    "stop_training": {"action": "start_training", **TRAINING, "output_name": "t"},
}
OF_WORKERS = [name for name, action in actions().items() if action.kind != "gateway"]
SHAPES = [(form, dialect) for form in ("documented", "direct") for dialect in ("snake", "pascal", "camel")]


def fields_of(name):
    if name in FIELDS:
        return FIELDS[name]
    if "training_id" in dictionary().object(actions()[name].request).by_snake:
        return {"training_id": "t"}
    return {"prompt_submission": submission()} if "Submission" in actions()[name].request or name == "optimize_request" else {}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A worker for all actions: each leaves it without a job and a training."""
    worker = WorkerProcess(tmp_path_factory.mktemp("actions"), "--device", "cpu")
    yield worker
    worker.kill()


@pytest.mark.parametrize("name", [name for name in OF_WORKERS if name not in ("shutdown", "cancel")])
def test_every_action_succeeds_in_every_shape(shared, name):
    worker = shared
    for index, (form, dialect) in enumerate(SHAPES):
        if name in PREPARED:
            worker.ask(PREPARED[name] | ({"output_name": "t"} if index == 0 and "training" in name else {}))
        asked = fields_of(name) | ({"training_id": "t"} if "training_id" in fields_of(name) else {})
        frame = worker.ask(command(actions()[name], asked, form, dialect, f"r-{index}"))
        check_reply(frame, name, "pascal" if form == "direct" else "snake", f"r-{index}")
        reply = canonical(frame)
        assert reply["success"], (name, form, dialect, frame)
        data = frame.get("data") or frame.get("Data") or {}
        stop_all(worker, "t", data.get("training_id") or data.get("TrainingId") or "t")


@pytest.mark.parametrize("dialect", ["snake", "pascal", "camel"])
def test_a_chosen_dialect_holds_for_every_reply_and_event(start, dialect):
    worker = start()
    frame = {"action": "initialize", "request_id": "i", "payload": {"features": ["events"], "dialect": dialect}}
    check_reply(worker.ask(frame), "initialize", dialect, "i")
    check_reply(worker.ask({"action": "get_status", "request_id": "q"}), "get_status", dialect, "q")
    check_reply(worker.ask({"Action": "nonsense", "RequestId": "n"}), None, dialect, "n")
    name = {"snake": "event", "pascal": "Event", "camel": "event"}[dialect]
    beat = worker.until(lambda frame: frame.get(name) == "heartbeat")
    assert {"snake": "last_progress_seconds", "pascal": "LastProgressSeconds", "camel": "lastProgressSeconds"}[dialect] in beat


def test_actions_of_the_gateway_are_unknown_here(worker):
    for name in (name for name in actions() if name not in OF_WORKERS):
        error = worker.ask({"action": name, "payload": {}})["error_details"]
        assert (error["code"], error["field"]) == ("unknown_action", "/action"), name


def test_every_action_of_a_worker_is_advertised_and_no_other():
    assert BaseWorker("cpu_0", "processor", EngineSource(lambda: pytest.fail("no engine is asked for"))).actions == OF_WORKERS


def test_every_command_of_the_fixtures_is_answered(worker):
    for path in sorted([*(FIXTURES / "seed").glob("*.json"), *(FIXTURES / "envelopes").glob("*.json")]):
        text = path.read_bytes().replace(b"\n", b" ").replace(b"\r", b" ")
        action = read_frame(text).action.name
        worker.write(text + b"\n")
        frame = worker.reply()
        check_reply(frame, action, "pascal" if "Success" in frame else "snake", id_of(frame))
        stop_all(worker)


def stop_all(worker, *names):
    """Ends the trainings that the fake engine runs, so that the next command finds the device free."""
    for name in dict.fromkeys(names or ("t", *(f"training-{index}" for index in range(6)))):
        worker.ask({"action": "stop_training", "payload": {"training_id": name}})


def canonical(frame):
    """The reply's own members in snake."""
    shape = dictionary().object("Reply")
    return {shape.names[name].property.snake: value for name, value in frame.items()}


def check_reply(frame, name, dialect, request_id):
    """Its members and those of its data are there in that dialect, and no others."""
    shape = dictionary().object("Reply")
    spelt = {prop.name(dialect) for prop in shape.properties}
    may_be_absent = {prop.name(dialect) for prop in shape.properties if not prop.required}
    assert set(frame) <= spelt and spelt - set(frame) <= may_be_absent, frame
    reply = canonical(frame)
    assert reply["request_id"] == request_id
    assert len(reply["warnings"]) == len(reply["warning_details"])
    if reply["success"]:
        assert reply["error"] is None and reply["error_details"] is None
        assert name is not None
        violations = read(
            actions()[name].reply, snake_of(actions()[name].reply, reply["data"], dialect), canonical=True
        ).violations
        assert violations == [], (name, violations)
    else:
        assert reply["data"] is None and isinstance(reply["error"], str)
        violations = read("ErrorDetails", snake_of("ErrorDetails", reply["error_details"], dialect), canonical=True).violations
        assert violations == [], (name, violations)


def snake_of(definition, document, dialect):
    """A document whose every name is that of one dialect, in snake. Raises KeyError for any other name."""
    return _snake(dictionary().named(definition).shape, document, dialect)


def _snake(shape, value, dialect):
    resolved = getattr(shape.resolved, "inner", shape).resolved
    if isinstance(value, list) and hasattr(resolved, "item"):
        return [_snake(resolved.item, item, dialect) for item in value]
    if isinstance(value, dict) and hasattr(resolved, "properties"):
        by_name = {prop.name(dialect): prop for prop in resolved.properties}
        return {
            by_name[name].snake: member if by_name[name].verbatim else _snake(by_name[name].shape, member, dialect)
            for name, member in value.items()
        }
    return value


def test_what_model_files_hold_and_nothing_uses_is_foreseen_at_the_sender_s_place(worker):
    frame = worker.ask(
        {"Action": "validate_request", "PromptSubmission": {"Model": {"Base": "other"}, "Conditioning": {"Prompt": "a"}}}
    )
    reply = canonical(frame)
    assert reply["success"], frame
    (detail,) = reply["warning_details"]
    assert "weights_unused" in detail.values() and "/PromptSubmission/Model/Base" in detail.values(), detail
    assert reply["warnings"] == reply["data"]["Warnings"]
