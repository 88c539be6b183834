"""A job while it runs: progress, previews, stopping, running out of memory, and what is refused before it."""

from __future__ import annotations

import base64
import io
import json
import shutil
import threading
import time

import pytest
import torch
from bench import DEFAULTS, Engine, difference, merge, pixels
from PIL import Image

from concord_workers.contract import read_partial
from concord_workers.core.errors import Cancelled, ContractError, JobTimeout, OutOfMemory, ShuttingDown, ValidationFailed
from concord_workers.core.failure import failure_of
from concord_workers.core.job_context import JobContext, Progress
from concord_workers.inference import decode, job_run

NET = {"type": "canny", "image": "init.png", "weight": 1, "guidance_start": 0, "guidance_end": 1, "preprocess": False}
INVERSION = {"path": "ti_style.safetensors", "token": "sks-style"}


def test_progress_counts_every_step(engine):
    seen: list[Progress] = []
    engine.run(
        JobContext(on_progress=seen.append),
        model={"refiner": "sdxl_refiner"},
        scheduler={"steps": 5},
        hyperparameters={"refiner_start": 0.6, "batch_size": 2},
    )
    steps = [(event.stage, event.step, event.total_steps) for event in seen if event.stage in ("denoising", "refining")]
    assert steps == [("denoising", n, 3) for n in (1, 2, 3)] + [("refining", n, 2) for n in (1, 2)]
    shares = [event.progress for event in seen]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1
    stages = list(dict.fromkeys(event.stage for event in seen))
    assert stages == ["loading", "preprocessing", "denoising", "refining", "decoding", "postprocessing", "saving"]
    assert [event.image_index for event in seen if event.stage == "saving"] == [0, 1]
    assert any(event.eta_seconds is not None for event in seen)


def test_previews_are_small_pictures_and_change_nothing(engine, plain):
    previews: list[tuple[str, int]] = []
    result = engine.run(JobContext(on_preview=lambda image, step: previews.append((image, step))))
    assert [step for _, step in previews] == [1, 2, 3]
    head, _, content = previews[-1][0].partition(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
        assert picture.size == (8, 8)
    assert difference(pixels(result["images"][0]), plain) == 0


@pytest.mark.parametrize(
    ("reason", "error"), [("cancelled", Cancelled), ("timeout", JobTimeout), ("shutting_down", ShuttingDown)]
)
def test_a_job_stops_within_one_step(engine, plain, reason, error):
    steps: list[int] = []

    def on_progress(event: Progress) -> None:
        if event.stage == "denoising":
            steps.append(event.step)
            if event.step == 2:
                context.cancel(reason)

    context = JobContext("stopped", on_progress=on_progress)
    before = set(engine.roots.output_dir.rglob("*"))
    with pytest.raises(error):
        engine.run(context, scheduler={"steps": 50})
    assert steps == [1, 2]
    assert set(engine.roots.output_dir.rglob("*")) == before
    assert difference(engine.picture(), plain) == 0


def test_another_thread_stops_a_job(engine):
    started = threading.Event()
    context = JobContext(on_progress=lambda event: started.set() if event.stage == "denoising" else None)

    def stop() -> None:
        assert started.wait(30)
        context.cancel()

    stopper = threading.Thread(target=stop)
    stopper.start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        engine.run(context, scheduler={"steps": 150})
    stopper.join()
    assert time.monotonic() - began < 5


def test_a_job_past_its_deadline_is_a_timeout(engine):
    with pytest.raises(JobTimeout):
        engine.run(JobContext(deadline=time.monotonic()))


def test_a_stopped_job_with_everything_on_leaves_the_model_bare(engine, plain):
    def on_progress(event: Progress) -> None:
        if event.stage == "denoising":
            context.cancel()

    context = JobContext(on_progress=on_progress)
    with pytest.raises(Cancelled):
        engine.run(
            context,
            conditioning={
                "prompt": "a photo of sks-style",
                "loras": [{"name": "lora_style", "weight": 1}],
                "control_nets": [NET],
                "textual_inversions": [{"path": "ti_style.safetensors", "token": "sks-style"}],
            },
            performance={"optimizations": ["attention_slicing", "vae_slicing", "vae_tiling", "channels_last"]},
        )
    assert difference(engine.picture(), plain) == 0


@pytest.mark.parametrize("where", ["encode_prompts", "run_base", "decode_within_memory"])
def test_out_of_memory_has_numbers_and_the_worker_goes_on(engine, plain, monkeypatch, where):
    def allocate(*_args, **_options):
        torch.empty(1 << 50, dtype=torch.uint8)

    monkeypatch.setattr(job_run, where, allocate)
    with pytest.raises(OutOfMemory) as caught:
        engine.run()
    assert caught.value.details["total_mb"] > caught.value.details["free_mb"] > 0
    assert "allocate" in caught.value.details["cause"]
    monkeypatch.undo()
    assert difference(engine.picture(), plain) == 0


def test_a_fault_of_ours_leaves_the_worker_ready(engine, plain, monkeypatch):
    monkeypatch.setattr(decode, "decode_latents", lambda *_args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        engine.run()
    monkeypatch.undo()
    assert difference(engine.picture(), plain) == 0


@pytest.mark.parametrize(("dtype", "field"), [("fp32", "/model/base"), ("bf16", "/performance/dtype")])
def test_values_that_are_not_finite_are_no_black_picture(engine, monkeypatch, dtype, field):
    real = decode.decode_latents
    monkeypatch.setattr(decode, "decode_latents", lambda vae, latents, dtype: real(vae, latents * float("nan"), dtype))
    with pytest.raises(ContractError) as caught:
        engine.run(performance={"dtype": dtype})
    assert (caught.value.code, caught.value.field) == ("model_invalid", field)
    assert "fp32" not in caught.value.hint or dtype != "fp32"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"model": {"base": "absent"}}, "model_not_found", "/model/base"),
        ({"model": {"base": "sdxl_vae"}}, "model_invalid", "/model/base"),
        ({"model": {"refiner": "sdxl_base"}}, "model_invalid", "/model/refiner"),
        ({"model": {"vae": "/etc/hostname"}}, "path_not_allowed", "/model/vae"),
        ({"model": {"tokenizer": "absent"}}, "model_not_found", "/model/tokenizer"),
        ({"model": {"tokenizer": "sdxl_vae"}}, "model_invalid", "/model/tokenizer"),
        ({"model": {"tokenizer": "text_encoder_alt"}}, "model_invalid", "/model/tokenizer"),
        ({"model": {"text_encoder": "controlnet_canny"}}, "model_invalid", "/model/text_encoder"),
        ({"model": {"text_encoder": "text_encoder_2_alt"}}, "model_invalid", "/model/text_encoder"),
        ({"model": {"text_encoder_2": "text_encoder_alt"}}, "model_invalid", "/model/text_encoder_2"),
        ({"model": {"text_encoder_2": "sdxl_base"}}, "model_invalid", "/model/text_encoder_2"),
        ({"scheduler": {"type": "LCM", "steps": 51}}, "out_of_range", "/scheduler/steps"),
        ({"scheduler": {"type": "TCD", "steps": 150}}, "out_of_range", "/scheduler/steps"),
        ({"scheduler": {"type": "DDIM", "karras_sigmas": True}}, "unsupported_feature", "/scheduler/karras_sigmas"),
        (
            {"scheduler": {"type": "LCM", "timestep_spacing": "trailing"}},
            "unsupported_feature",
            "/scheduler/timestep_spacing",
        ),
        ({"conditioning": {"clip_skip": 3}}, "out_of_range", "/conditioning/clip_skip"),
        ({"conditioning": {"loras": [{"name": "absent", "weight": 1}]}}, "model_not_found", "/conditioning/loras/0/name"),
        ({"conditioning": {"loras": [{"name": "sdxl_vae", "weight": 1}]}}, "model_invalid", "/conditioning/loras/0/name"),
        (
            {"conditioning": {"control_nets": [NET | {"model": "absent"}]}},
            "model_not_found",
            "/conditioning/control_nets/0/model",
        ),
        (
            {"conditioning": {"control_nets": [NET | {"type": "depth", "preprocess": True}]}},
            "unsupported_feature",
            "/conditioning/control_nets/0/preprocess",
        ),
        (
            {"conditioning": {"control_nets": [NET | {"image": "absent.png"}]}},
            "image_invalid",
            "/conditioning/control_nets/0/image",
        ),
        (
            {"conditioning": {"textual_inversions": [{"path": "absent.safetensors", "token": "zzq"}]}},
            "model_not_found",
            "/conditioning/textual_inversions/0/path",
        ),
        (
            {"conditioning": {"textual_inversions": [{"path": "lora_style.safetensors", "token": "zzq"}]}},
            "model_invalid",
            "/conditioning/textual_inversions/0/path",
        ),
        (
            {"conditioning": {"textual_inversions": [INVERSION, INVERSION]}},
            "unsupported_value",
            "/conditioning/textual_inversions/1/token",
        ),
        *(
            ({"conditioning": {name: f"a (cat:{weight})"}}, "out_of_range", f"/conditioning/{name}")
            for name in ("prompt", "prompt_2", "negative_prompt", "negative_prompt_2")
            for weight in ("9" * 400, "-" + "9" * 400)
        ),
        ({"conditioning": {"prompt": f"((cat:{10**200}):{10**200})"}}, "out_of_range", "/conditioning/prompt"),
        ({"conditioning": {"prompt": f"((cat:0):{'9' * 400})"}}, "out_of_range", "/conditioning/prompt"),
        ({"conditioning": {"reference_images": ["init.png"]}}, "unsupported_feature", "/conditioning/reference_images"),
        ({"conditioning": {"init_image": "upload:1"}}, "upload_not_found", "/conditioning/init_image"),
        ({"performance": {"device": "cuda:0"}}, "unsupported_feature", "/performance/device"),
        *(
            ({"performance": {"optimizations": [name]}}, "unsupported_feature", "/performance/optimizations/0")
            for name in ("model_cpu_offload", "sequential_cpu_offload", "xformers", "torch_compile")
        ),
    ],
)
def test_what_is_refused_before_the_job(engine, changes, code, field):
    assert (code, field) in engine.violations(**changes)
    with pytest.raises(ContractError) as caught:
        engine.run(**changes)
    assert (caught.value.code, caught.value.field) == (code, field)


def test_a_weight_that_is_text_is_no_fault(engine):
    words = {"prompt": f"a (cat:{'9' * 400})"}
    assert engine.violations(conditioning=words, hyperparameters={"prompt_weighting": False}) == []


def test_a_weight_is_finite_in_the_job_s_number_format(engine):
    words = {"prompt": "a (cat:1" + "0" * 39 + ")"}
    assert engine.violations(conditioning=words) == [("out_of_range", "/conditioning/prompt")]


@pytest.mark.parametrize(
    ("name", "copied", "file", "content"),
    [
        ("tokenizer", "tokenizer_alt", "tokenizer.json", "{}"),
        ("text_encoder", "text_encoder_alt", "config.json", {"num_attention_heads": 0}),
        ("text_encoder", "text_encoder_alt", "config.json", {"num_hidden_layers": "three"}),
    ],
)
def test_a_component_that_the_library_cannot_read_is_invalid(engine, tiny, plain, name, copied, file, content):
    folder = tiny / "component_bad"
    shutil.copytree(tiny / copied, folder)
    try:
        if isinstance(content, dict):
            content = json.dumps(json.loads((folder / file).read_text()) | content)
        (folder / file).write_text(content)
        with pytest.raises(ContractError) as caught:
            engine.run(model={name: "component_bad"})
    finally:
        shutil.rmtree(folder)
    assert (caught.value.code, caught.value.field) == ("model_invalid", f"/model/{name}")
    assert difference(engine.picture(), plain) == 0


def test_all_faults_are_told_at_once(engine):
    with pytest.raises(ValidationFailed) as caught:
        engine.run(model={"base": "absent"}, performance={"device": "cuda:0"}, conditioning={"init_image": "absent.png"})
    assert [(entry["pointer"], entry["code"]) for entry in caught.value.errors] == [
        ("/model/base", "model_not_found"),
        ("/conditioning/init_image", "image_invalid"),
        ("/performance/device", "unsupported_feature"),
    ]


def test_a_token_that_is_taken_is_refused(engine, plain):
    with pytest.raises(ContractError) as caught:
        engine.run(conditioning={"textual_inversions": [{"path": "ti_style.safetensors", "token": "a"}]})
    assert (caught.value.code, caught.value.field) == ("unsupported_value", "/conditioning/textual_inversions/0/token")
    assert difference(engine.picture(), plain) == 0


def test_a_lora_of_another_shape_is_refused(engine, tiny, plain):
    from safetensors.torch import load_file, save_file

    weights = load_file(tiny / "lora_style.safetensors")
    name = next(key for key in weights if "lora_A" in key or ".down." in key)
    weights[name] = torch.zeros(4, 999)
    save_file(weights, tiny / "lora_bad.safetensors")
    try:
        with pytest.raises(ContractError) as caught:
            engine.run(conditioning={"loras": [{"name": "lora_bad", "weight": 1}]})
    finally:
        (tiny / "lora_bad.safetensors").unlink()
    assert (caught.value.code, caught.value.field) == ("model_invalid", "/conditioning/loras/0/name")
    assert difference(engine.picture(), plain) == 0


@pytest.mark.parametrize("name", ["auto", "cpu"])
def test_the_device_s_own_names_are_accepted(engine, name):
    assert engine.violations(performance={"device": name}) == []


def test_a_limit_of_the_model_is_said_with_its_number(engine):
    (violation,) = engine.worker.check(read_partial(merge(DEFAULTS, {"conditioning": {"clip_skip": 12}})))
    assert failure_of(violation).errors == [
        {
            "pointer": "/conditioning/clip_skip",
            "code": "out_of_range",
            "message": "clip_skip is 12; the shortest text encoder of sdxl_base allows 2",
            "maximum": 2,
        }
    ]


def test_capabilities_are_what_is_there(engine, tiny, inputs, tmp_path):
    full = engine.worker.capabilities()
    assert all(full["features"].values())
    assert full["memory_optimizations"] == ["attention_slicing", "vae_slicing", "vae_tiling", "channels_last"]
    assert full["limits"]["clip_skip_max"] == 2 and full["limits"]["lcm_steps_max"] == 50
    assert (full["max_resolution"], full["limits"]["pixels_max"]) == (2048, 4194304)
    bare = Engine(tmp_path, inputs, tmp_path / "out").worker.capabilities()
    assert bare["features"]["safety_checker"] is False
    assert bare["control_net_types"] == []
    assert bare["postprocessing_options"] == ["auto_contrast", "Lanczos", "Bicubic"]
    assert bare["limits"]["clip_skip_max"] == 12
