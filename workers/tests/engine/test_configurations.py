"""Model folders whose documents no model can have: refused as the model, before a job as in it."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path

import pytest
from bench import Engine

from concord_workers.core.errors import ContractError
from concord_workers.core.job_context import JobContext


@pytest.fixture
def root(tmp_path, tiny):
    folder = tmp_path / "models"
    shutil.copytree(tiny / "sdxl_base", folder / "sdxl_base")
    return folder


@pytest.fixture
def own(root, inputs, tmp_path):
    return Engine(root, inputs, tmp_path / "outputs")


def refused(own, code: str = "model_invalid") -> None:
    """By the check and by the job, with one code at one place."""
    assert own.violations() == [(code, "/model/base")]
    with pytest.raises(ContractError) as caught:
        own.picture()
    assert (caught.value.code, caught.value.field) == (code, "/model/base")
    assert len(caught.value.message) < 1000, "a value may be as long as its file"


@pytest.mark.parametrize(
    ("file", "values"),
    [
        ("model_index.json", {"unet": None}),
        ("model_index.json", {"unet": "x"}),
        ("model_index.json", {"vae": ["diffusers"]}),
        ("model_index.json", {"scheduler": ["diffusers", "Nope"]}),
        ("model_index.json", {"scheduler": ["diffusers", "UNet2DConditionModel"]}),
        ("unet/config.json", {"block_out_channels": "x"}),
        ("unet/config.json", {"layers_per_block": -1}),
        ("text_encoder/config.json", {"num_hidden_layers": 0}),
        ("text_encoder/config.json", {"num_hidden_layers": 10**9}),
        ("vae/config.json", {"scaling_factor": "a"}),
        ("vae/config.json", {"scaling_factor": 0}),
        ("scheduler/scheduler_config.json", {"beta_schedule": "x"}),
        ("scheduler/scheduler_config.json", {"beta_start": "x"}),
        ("scheduler/scheduler_config.json", {"num_train_timesteps": 10**12}),
        ("scheduler/scheduler_config.json", {"steps_offset": "x"}),
        ("scheduler/scheduler_config.json", {"steps_offset": -1}),
        ("scheduler/scheduler_config.json", {"beta_end": 2}),
        ("scheduler/scheduler_config.json", {"interpolation_type": "x"}),
        ("scheduler/scheduler_config.json", {"rescale_betas_zero_snr": "false"}),
        # Of another sampler than the one that the model was saved with.
        ("scheduler/scheduler_config.json", {"sample_max_value": "x"}),
        ("scheduler/scheduler_config.json", {"beta_schedule": "sigmoid", "_class_name": "DDPMScheduler"}),
        ("scheduler/scheduler_config.json", {"trained_betas": [0.1] * 7}),
        ("scheduler/scheduler_config.json", {"trained_betas": "x" * 3_000_000}),
        ("unet/config.json", {"mid_block_scale_factor": {}}),
        ("unet/config.json", {"resnet_out_scale_factor": 0}),
        ("unet/config.json", {"flip_sin_to_cos": "no"}),
    ],
    ids=itertools.count(),
)
def test_values_that_no_model_has(own, root, file, values):
    path = root / "sdxl_base" / file
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    refused(own)


@pytest.mark.parametrize("file", ["model_index.json", "unet/config.json", "scheduler/scheduler_config.json"])
def test_a_document_that_is_nested_without_end(own, root, file):
    (root / "sdxl_base" / file).write_text("[" * 200_000)
    refused(own)


def test_an_index_that_names_files_elsewhere(own, root):
    index = root / "sdxl_base" / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": {"conv_in.weight": "../../../../etc/hostname"}}))
    refused(own)


def test_a_link_in_a_folder_may_not_lead_out_of_the_roots(own, root, tmp_path):
    weights = root / "sdxl_base" / "vae" / "diffusion_pytorch_model.safetensors"
    weights.rename(tmp_path / "elsewhere.safetensors")
    weights.symlink_to(tmp_path / "elsewhere.safetensors")
    refused(own, "path_not_allowed")


def test_a_link_in_a_folder_may_lead_to_another_place_in_the_roots(own, root):
    weights = root / "sdxl_base" / "vae" / "diffusion_pytorch_model.safetensors"
    (root / "blobs").mkdir()
    weights.rename(root / "blobs" / "0123")
    weights.symlink_to("../../blobs/0123")
    assert own.violations() == []


@pytest.mark.parametrize("target", ["/nowhere/at/all", "broken.safetensors"], ids=["nowhere", "itself"])
def test_a_broken_link_is_an_issue_of_the_file(own, root, target):
    (root / "sdxl_base" / "unet" / "broken.safetensors").symlink_to(target)
    from concord_workers.models.file_checks import validate_path

    row = validate_path(own.roots, str(root / "sdxl_base"), "/model_paths/0", False, JobContext(), lambda: None)
    assert not row["is_valid"] and "broken.safetensors" in row["issues"][0]


def test_a_layer_without_a_number_and_a_weight_without_sides(own, root, tiny):
    import torch
    from safetensors.torch import load_file, save_file

    weights = load_file(tiny / "sdxl_base_file.safetensors")
    first = "model.diffusion_model.input_blocks.0.0.weight"
    layer = "conditioner.embedders.0.transformer.text_model.encoder.layers.x.weight"
    for change in ({first: torch.tensor(1.0)}, {layer: torch.ones(1)}):
        save_file(weights | change, Path(root) / "odd.safetensors")
        assert own.violations(model={"base": "odd"}) == [("model_invalid", "/model/base")]


@pytest.mark.parametrize("name", ["out.2.scale_weight", "out.2.weight_scale", "out.2.weight.absmax"])
def test_scales_beside_the_weights_are_not_left_out(own, root, tiny, name):
    import torch
    from safetensors.torch import load_file, save_file

    weights = load_file(tiny / "sdxl_base_file.safetensors") | {f"model.diffusion_model.{name}": torch.tensor(3.0)}
    save_file(weights, root / "scaled.safetensors")
    shutil.copytree(tiny / "sdxl_base_file.config", root / "scaled.config")
    assert own.violations(model={"base": "scaled"}) == [("model_invalid", "/model/base")]
    with pytest.raises(ContractError, match="scaled weights"):
        own.picture(model={"base": "scaled"})


@pytest.mark.parametrize("values", [{"controlnet_conditioning_channel_order": "xyz"}, {"norm_eps": "x"}])
def test_values_that_no_control_net_has(own, root, tiny, values):
    shutil.copytree(tiny / "controlnet_canny", root / "net")
    path = root / "net" / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    nets = [{"type": "canny", "image": "init.png", "model": "net", "weight": 1, "guidance_start": 0, "guidance_end": 1}]
    assert own.violations(conditioning={"control_nets": nets}) == [("model_invalid", "/conditioning/control_nets/0/model")]
