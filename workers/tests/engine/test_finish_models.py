"""Upscaling nets and safety checkers that are none: refused before a job as in it, and never a black or unjudged picture."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from bench import DEFAULTS, Engine, merge
from safetensors.torch import load_file, save_file

from concord_workers.contract import read_partial
from concord_workers.core.errors import ContractError

UPSCALE = {"postprocessing": {"upscaler": "ESRGAN", "upscale_factor": 2}}
JUDGE = {"postprocessing": {"safety_checker": True}}
FIRST, SECOND = "model.0.weight", "model.1.sub.0.RDB1.conv2.0.weight"


@pytest.fixture
def root(tiny, tmp_path):
    folder = tmp_path / "models"
    for name in ("sdxl_base", "safety_checker"):
        shutil.copytree(tiny / name, folder / name)
    shutil.copy(tiny / "ESRGAN.safetensors", folder)
    return folder


@pytest.fixture
def own(root, inputs, tmp_path):
    return Engine(root, inputs, tmp_path / "outputs")


def refused(engine, name, field, changes):
    """The message that the check, the job and `validate_model_files` agree on."""
    (found,) = engine.worker.check(read_partial(merge(DEFAULTS, changes)))
    with pytest.raises(ContractError) as caught:
        engine.run(**changes)
    assert (caught.value.code, caught.value.field, caught.value.message) == ("model_invalid", field, found.message)
    row = engine.loader.validate_model_files([name])["results"][0]
    assert not row["is_valid"]
    return found.message


def without(tensors, name):
    return {key: tensor for key, tensor in tensors.items() if key != name}


UPSCALERS = {
    "a layer is missing": lambda weights: without(weights, SECOND),
    "a layer is of another shape": lambda weights: weights | {SECOND: torch.zeros(7, 7, 3, 3)},
    "a layer that the net lacks": lambda weights: weights | {"extra.weight": torch.zeros(3, 3)},
    "of four channels": lambda weights: weights | {FIRST: torch.zeros(len(weights[FIRST]), 4, 3, 3)},
    "no net": lambda weights: {"a": torch.zeros(1)},
}


@pytest.mark.parametrize("change", UPSCALERS.values(), ids=UPSCALERS)
def test_an_upscaler_that_is_none_is_refused_before_a_job(own, root, change):
    weights = load_file(root / "ESRGAN.safetensors")
    assert {FIRST, SECOND} <= weights.keys()
    save_file(change(weights), root / "ESRGAN.safetensors")
    assert "ESRGAN" in refused(own, "ESRGAN.safetensors", "/postprocessing/upscaler", UPSCALE)


def test_an_upscaler_of_another_kind_or_cut_short(own, root, tiny):
    shutil.copy(tiny / "ti_style.safetensors", root / "ESRGAN.safetensors")
    (found,) = own.worker.check(read_partial(merge(DEFAULTS, UPSCALE)))
    assert (found.code, found.field) == ("model_invalid", "/postprocessing/upscaler")
    (root / "ESRGAN.safetensors").write_bytes((tiny / "ESRGAN.safetensors").read_bytes()[:5000])
    assert "truncated" in refused(own, "ESRGAN.safetensors", "/postprocessing/upscaler", UPSCALE)


def test_a_refusal_says_which_weights_are_missing(own, root):
    save_file(without(load_file(root / "ESRGAN.safetensors"), SECOND), root / "ESRGAN.safetensors")
    assert "Missing key(s)" in refused(own, "ESRGAN.safetensors", "/postprocessing/upscaler", UPSCALE)


def test_an_upscaler_s_values_that_are_not_finite_are_no_black_picture(own, root):
    weights = {name: torch.full_like(tensor, torch.nan) for name, tensor in load_file(root / "ESRGAN.safetensors").items()}
    save_file(weights, root / "ESRGAN.safetensors")
    with pytest.raises(ContractError, match="not finite") as caught:
        own.run(**UPSCALE)
    assert (caught.value.code, caught.value.field) == ("model_invalid", "/postprocessing/upscaler")


PROCESSORS = {
    "absent": lambda file: file.unlink(),
    "a list": lambda file: file.write_text("[]"),
    "of another size": lambda file: edit(file, crop_size={"height": 5, "width": 5}, size={"shortest_edge": 5}),
    "of two channels": lambda file: edit(file, image_mean=[0, 0]),
    "by zero": lambda file: edit(file, image_std=[0, 0, 0]),
}


def edit(file, **changes):
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


@pytest.mark.parametrize("change", PROCESSORS.values(), ids=PROCESSORS)
def test_a_checker_whose_pictures_are_not_its_net_s(own, root, change):
    change(root / "safety_checker" / "preprocessor_config.json")
    assert "safety_checker" in refused(own, "safety_checker", "/postprocessing/safety_checker", JUDGE)


@pytest.mark.parametrize("name", ["concept_embeds", "visual_projection.weight"])
def test_a_checker_that_cannot_judge_lets_no_picture_pass(own, root, name):
    file = next((root / "safety_checker").glob("*.safetensors"))
    weights = load_file(file)
    save_file(weights | {name: torch.full_like(weights[name], torch.nan)}, file, metadata={"format": "pt"})
    with pytest.raises(ContractError, match="not finite") as caught:
        own.run(**JUDGE)
    assert (caught.value.code, caught.value.field) == ("model_invalid", "/postprocessing/safety_checker")


def test_a_verdict_that_overflows_is_none(own):
    own.run(**JUDGE)
    model, _ = own.loader.on_device.by_id("safety_checker").value
    overflow = model.visual_projection.register_forward_pre_hook(lambda module, given: (given[0] * torch.inf,))
    with pytest.raises(ContractError, match="safety checker gives values that are not finite"):
        own.run(**JUDGE)
    overflow.remove()
    assert own.run(**JUDGE)["features_used"]["safety_checker"]
