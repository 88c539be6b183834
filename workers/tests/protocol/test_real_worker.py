"""The real worker on the tiny models: a few whole ways through `main.py`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from documents import job, submission
from PIL import Image

from concord_workers.core.actions import actions
from concord_workers.core.reader import read

BASE = {"model": {"base": "sdxl_base"}}


@pytest.fixture(scope="module")
def eager(real):
    features = ["events", "out_of_order", "previews"]
    real.ask({"action": "initialize", "request_id": "i", "payload": {"features": features}})
    real.ask({"action": "get_capabilities", "request_id": "caps", "payload": {}})
    return real


def ask(worker, action, request_id="r", **fields):
    return worker.ask({"action": action, "request_id": request_id, "payload": fields})


def test_a_picture_is_made_and_every_step_is_said(eager):
    frame = eager.ask(job("p1", **BASE, scheduler={"type": "Euler", "steps": 4}))
    data = frame["data"]
    path = Path(data["images"][0])
    assert path.parent.parent == eager.folder and path.name == "p1_1_000.png"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == data["image_details"][0]["sha256"]
    with Image.open(path) as picture:
        assert picture.size == (64, 64)
    assert read("SdxlResult", data, canonical=True).violations == []
    events = [frame for frame in eager.frames() if frame.get("request_id") == "p1" and "event" in frame]
    denoising = [event["step"] for event in events if event["event"] == "progress" and event["stage"] == "denoising"]
    assert denoising == sorted(set(denoising)) and denoising[-1] == 4
    assert sum(event["event"] == "preview" for event in events) >= 4
    again = eager.ask(job("p2", **BASE, scheduler={"type": "Euler", "steps": 4}))
    assert again["data"]["image_details"][0]["sha256"] == data["image_details"][0]["sha256"]


def test_a_running_job_is_cancelled_within_a_step(eager):
    big = {"hyperparameters": {"dimensions": {"width": 256, "height": 256}}, "scheduler": {"steps": 150}}
    eager.send(job("long", **BASE, **big))
    eager.until(lambda frame: frame.get("request_id") == "long" and frame.get("stage") == "denoising")
    eager.send({"action": "cancel", "request_id": "c", "payload": {"target_request_id": "long"}})
    assert eager.reply("long")["error_details"]["code"] == "cancelled"
    assert eager.reply("c")["data"]["was"] == "running"
    denoised = [f for f in eager.frames() if f.get("request_id") == "long" and f.get("stage") == "denoising"]
    assert denoised[-1]["step"] < 150
    assert eager.ask(job("after", **BASE))["success"]


def test_queries_are_answered_while_a_job_runs(eager):
    big = {"hyperparameters": {"dimensions": {"width": 256, "height": 256}}, "scheduler": {"steps": 60}}
    eager.send(job("long", **BASE, **big))
    eager.until(lambda frame: frame.get("request_id") == "long" and frame.get("stage") == "denoising")
    for index, name in enumerate(("get_status", "get_capabilities", "get_model_info", "validate_request")):
        fields = {"request": submission(**BASE)} if name == "validate_request" else {}
        eager.send({"action": name, "request_id": f"q{index}", "payload": fields})
        assert eager.until(lambda frame, index=index: frame.get("request_id") == f"q{index}", seconds=1)["success"]
    eager.send({"action": "cancel", "request_id": "c", "payload": {"target_request_id": "long"}})
    eager.reply("c")


def test_what_is_advertised_is_accepted_and_nothing_else(eager):
    capabilities = ask(eager, "get_capabilities")["data"]
    assert capabilities["actions"] == [name for name, action in actions().items() if action.kind != "gateway"]
    cases = [{"scheduler": {"type": name}} for name in capabilities["supported_schedulers"]]
    cases += [{"postprocessing": {"output_format": name}} for name in capabilities["supported_formats"]]
    cases += [{"performance": {"optimizations": [name]}} for name in capabilities["memory_optimizations"]]
    cases += [{"performance": {"dtype": name}} for name in capabilities["dtypes"]]
    for sections in cases:
        request = submission(model={"base": "sdxl_base"})
        for name, members in sections.items():
            request[name] = {**request.get(name, {}), **members}
        assert ask(eager, "validate_request", request=request)["data"]["valid"], sections
    for name in ("xformers", "model_cpu_offload", "torch_compile"):
        assert name not in capabilities["memory_optimizations"]
        request = submission(model={"base": "sdxl_base"}, performance={"optimizations": [name]})
        errors = ask(eager, "validate_request", request=request)["data"]["errors"]
        assert [row["code"] for row in errors] == ["unsupported_feature"]


def test_models_come_and_go(eager):
    assert ask(eager, "unload_model")["success"]
    loaded = ask(eager, "load_model", model_path="sdxl_base", model_type="SDXL")["data"]
    assert loaded["model_id"] == "sdxl_base" and loaded["model_size_bytes"] > 0
    assert ask(eager, "load_from_cache", model_id="sdxl_base")["error_details"]["code"] == "model_not_found"
    assert ask(eager, "load_model_to_cache", model_path="sdxl_base", model_type="sdxl")["success"]
    assert ask(eager, "load_from_cache", model_id="sdxl_base")["data"]["from_cache"]
    suite = ask(eager, "load_sdxl_suite", suite_name="s", base_model_path="sdxl_base", refiner_model_path="sdxl_refiner")
    assert [row["model_id"] for row in suite["data"]["component_results"]] == ["sdxl_s_base", "sdxl_s_refiner"]
    status = ask(eager, "get_status")["data"]
    assert status["has_model_loaded"] and status["current_model_id"] == "sdxl_s_base"
    gone = ask(eager, "unload_model")["data"]
    assert {"sdxl_base", "sdxl_s_base", "sdxl_s_refiner"} <= set(gone["model_ids"]) and gone["freed_bytes"] > 0
    refused = ask(eager, "load_model", model_path="/etc/passwd", model_type="sdxl")["error_details"]
    assert (refused["code"], refused["field"]) == ("path_not_allowed", "/payload/model_path")
    wrong = ask(eager, "load_model", model_path="lora_style", model_type="vae")["error_details"]
    assert wrong["code"] == "model_invalid"


@pytest.mark.parametrize("scope", ["commands", "models"])
def test_the_self_test_really_runs(eager, scope):
    report = ask(eager, "run_self_test", scope=scope)["data"]
    assert report["failed"] == 0 and report["passed"] > 10, [row for row in report["checks"] if not row["passed"]]


def test_a_killed_worker_leaves_whole_lines_and_no_half_picture(eager):
    """The last of this file: it kills the worker of all the others."""
    before = set(eager.folder.rglob("*.png"))
    big = {"hyperparameters": {"dimensions": {"width": 256, "height": 256}}, "scheduler": {"steps": 150}}
    eager.send(job("killed", **BASE, **big))
    eager.until(lambda frame: frame.get("request_id") == "killed" and frame.get("stage") == "denoising")
    eager.process.kill()
    assert eager.end() == -9
    assert all(isinstance(frame, dict) for frame in eager.frames())
    assert set(eager.folder.rglob("*.png")) == before
