"""The published SDXL, as far as it goes without its weights: sparse single files with the real header."""

from __future__ import annotations

import json
import shutil
import struct
import sys
from pathlib import Path

import pytest
import torch
from accelerate import init_empty_weights
from bench import Engine, submission_of
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from concord_workers.models.readers import read_tokenizer
from tiny_layouts import text_encoder_2_to_sgm, text_encoder_to_sgm, unet_to_sgm, vae_to_sgm

CONFIG = Path(sys.prefix) / "share" / "sdxl-config"


FIRST = "decoder.conv_in.weight"


def noise(seed: int) -> torch.Tensor:
    return torch.randn(512, 4, 3, 3, generator=torch.Generator().manual_seed(seed))


LATENTS = noise(1)


def write_sparse(path: Path, weights: dict, values: dict[str, torch.Tensor] | None = None) -> None:
    """A file of the right size whose bytes are a hole, but for the first number of each weight, and for values in fp16."""
    header, begins, end = {}, [], 0
    for name, tensor in weights.items():
        begin, end = end, end + tensor.numel() * 2
        begins.append(begin)
        header[name] = {"dtype": "F16", "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
        for begin in begins:
            file.seek(8 + len(text) + begin)
            file.write(b"\x00\x3c")
        for name, tensor in (values or {}).items():
            file.seek(8 + len(text) + header[name]["data_offsets"][0])
            file.write(tensor.half().numpy().tobytes())


@pytest.fixture(scope="module")
def real(tmp_path_factory, inputs):
    root = tmp_path_factory.mktemp("real")
    for name, levels in (("base", 3), ("refiner", 4)):
        folder = CONFIG / name
        with init_empty_weights():
            unet = UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(folder / "unet"))
            vae = AutoencoderKL.from_config(AutoencoderKL.load_config(folder / "vae"))
            second = CLIPTextModelWithProjection(CLIPTextConfig.from_pretrained(folder / "text_encoder_2"))
            first = CLIPTextModel(CLIPTextConfig.from_pretrained(folder / "text_encoder")) if name == "base" else None
        weights = unet_to_sgm(unet.state_dict(), levels=levels) | vae_to_sgm(vae.state_dict())
        number = 0 if first is None else 1
        weights |= text_encoder_2_to_sgm(second.state_dict(), f"conditioner.embedders.{number}.model.")
        if first is not None:
            weights |= text_encoder_to_sgm(first.state_dict())
        write_sparse(root / f"{name}.safetensors", weights, {f"first_stage_model.{FIRST}": LATENTS})
        if name == "base":
            alone = {key.removeprefix("first_stage_model."): t for key, t in vae_to_sgm(vae.state_dict()).items()}
            write_sparse(root / "tuned.safetensors", alone, {FIRST: LATENTS * 0.5 + 0.2 * noise(2)})
            write_sparse(root / "sd15.safetensors", alone, {FIRST: noise(3)})
    return Engine(root, inputs, tmp_path_factory.mktemp("outputs"))


def test_the_published_models_are_known_by_their_headers(real):
    base, refiner = real.loader.describe("base"), real.loader.describe("refiner")
    assert (base.model_type, base.dtype, base.clip_layers) == ("sdxl", "fp16", 12)
    assert refiner.model_type == "sdxl_refiner"
    assert base.component_elements == {
        "unet": 2_567_463_684,
        "vae": 83_653_863,
        "text_encoder": 123_060_480,
        "text_encoder_2": 694_659_840,
    }
    assert refiner.component_elements["unet"] == 2_259_526_660


def test_a_vae_of_other_latents_is_told_by_its_weights(real):
    """A file alone: the names and shapes of SDXL's VAE and of Stable Diffusion 1.x's are the same."""

    def found(vae: str) -> list[tuple[str, str | None]]:
        return [row for row in real.violations(model={"base": "base", "vae": vae}) if row[1] == "/model/vae"]

    assert found("tuned") == []
    assert found("sd15") == [("model_invalid", "/model/vae")]
    beside = real.roots.model_roots[0] / "sd15.config"
    shutil.copytree(CONFIG / "base" / "vae", beside)
    assert found("sd15") == []  # whoever puts a configuration there says so
    shutil.rmtree(beside)


def test_the_published_vocabulary_is_made(real):
    tokenizer = read_tokenizer(CONFIG / "base", "tokenizer")
    assert tokenizer("a photo of a cat").input_ids == [49406, 320, 1125, 539, 320, 2368, 49407]


def test_the_estimate_is_of_the_right_size(real):
    document = {
        "model": {"base": "base"},
        "scheduler": {"type": "Euler", "steps": 30},
        "hyperparameters": {"guidance_scale": 7.5, "dimensions": {"width": 1024, "height": 1024}, "batch_size": 1},
        "conditioning": {"prompt": "a cat"},
        "performance": {"dtype": "fp16"},
        "postprocessing": {},
    }
    estimate = real.worker.optimizer.estimate(submission_of(document))
    assert estimate["detailed_breakdown"]["base_mb"] == pytest.approx(6616, abs=1)
    assert 7000 < estimate["estimated_vram_usage_mb"] < 12000  # what people see on their cards
    offloaded = document | {"performance": {"dtype": "fp16", "optimizations": ["model_cpu_offload"]}}
    assert real.worker.optimizer.estimate(submission_of(offloaded))["detailed_breakdown"]["weights_on_device_mb"] < 5000
