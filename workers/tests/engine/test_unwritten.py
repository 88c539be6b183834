"""Downloads that stopped after they had reserved their file: its size and header are sound, and its end is zeros."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from bench import Engine
from safetensors.torch import load_file, save_file

from concord_workers.core.errors import ModelInvalid
from concord_workers.models import facts, unwritten

CONTROL = {"type": "canny", "image": "shapes.png", "weight": 1.0, "guidance_start": 0.0, "guidance_end": 1.0}
# Kind → the file whose end is zeros, the changes of a job that reads it, and the pointer of the refusal.
KINDS = {
    "base": ("sdxl_base_file.safetensors", {"model": {"base": "sdxl_base_file"}}, "/model/base"),
    "base folder": ("sdxl_base/unet/diffusion_pytorch_model.safetensors", {}, "/model/base"),
    "encoder of a folder": ("sdxl_base/text_encoder_2/model.safetensors", {}, "/model/base"),
    "refiner": (
        "sdxl_refiner_file.safetensors",
        {"model": {"refiner": "sdxl_refiner_file"}, "hyperparameters": {"refiner_start": 0.5}},
        "/model/refiner",
    ),
    "vae": ("sdxl_vae_file.safetensors", {"model": {"vae": "sdxl_vae_file"}}, "/model/vae"),
    "vae folder": ("sdxl_vae/diffusion_pytorch_model.safetensors", {"model": {"vae": "sdxl_vae"}}, "/model/vae"),
    "text encoder": (
        "text_encoder_alt/model.safetensors",
        {"model": {"text_encoder": "text_encoder_alt"}},
        "/model/text_encoder",
    ),
    "controlnet": (
        "controlnet_canny/diffusion_pytorch_model.safetensors",
        {"conditioning": {"control_nets": [CONTROL | {"model": "controlnet_canny"}]}},
        "/conditioning/control_nets/0/model",
    ),
    "lora": (
        "lora_kohya.safetensors",
        {"conditioning": {"loras": [{"name": "lora_kohya", "weight": 1.0}]}},
        "/conditioning/loras/0/name",
    ),
    "inversion": (
        "ti_style.safetensors",
        {
            "conditioning": {
                "prompt": "a <x> cat",
                "textual_inversions": [{"token": "<x>", "path": "ti_style.safetensors"}],
            }
        },
        "/conditioning/textual_inversions/0/path",
    ),
    "upscaler": (
        "Real-ESRGAN.safetensors",
        {"postprocessing": {"upscaler": "Real-ESRGAN", "upscale_factor": 4}},
        "/postprocessing/upscaler",
    ),
}
# The inversion's two tensors are one after the other; half of its file would leave the first.
WRITTEN = dict.fromkeys(KINDS, 0.5) | {"inversion": 0.0}


def link_or_copy(source: str, target: str) -> None:
    try:
        Path(target).hardlink_to(source)
    except OSError:  # as across file systems
        shutil.copy2(source, target)


@pytest.fixture
def own(tmp_path, tiny, inputs) -> Engine:
    root = tmp_path / "models"
    shutil.copytree(tiny, root, copy_function=link_or_copy)
    return Engine(root, inputs, tmp_path / "outputs")


def stop_download(path: Path, written: float) -> None:
    """Zeros in place of the bytes behind a share of the tensors' bytes."""
    content = path.read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    kept = begin + int((len(content) - begin) * written)
    path.unlink()  # it is a link to the shared file
    path.write_bytes(content[:kept] + bytes(len(content) - kept))


@pytest.mark.parametrize("kind", KINDS)
def test_an_unfinished_file_is_refused_by_name(own, kind):
    name, changes, pointer = KINDS[kind]
    file = own.roots.model_roots[0] / name
    assert own.violations(**changes) == []
    stop_download(file, WRITTEN[kind])
    assert own.violations(**changes) == [("model_invalid", pointer)]
    with pytest.raises(ModelInvalid, match=f"{file.name} has nothing but zeros in") as caught:
        own.run(**changes)
    assert caught.value.field == pointer
    top = name.split("/")[0]
    for deep in (False, True):
        row = own.loader.validate_model_files([top], deep=deep)["results"][0]
        assert not row["is_valid"] and "nothing but zeros" in row["issues"][0]


def test_zeros_that_files_may_hold(own):
    """Zero convolutions of a ControlNet, vectors for one encoder, a LoRA's layers that were never trained."""
    root = own.roots.model_roots[0]

    def change(name: str, is_zero) -> None:
        weights = {key: torch.zeros_like(t) if is_zero(key) else t for key, t in load_file(root / name).items()}
        (root / name).unlink()
        save_file(weights, root / name, metadata={"format": "pt"})

    change("controlnet_canny/diffusion_pytorch_model.safetensors", lambda key: key.startswith("controlnet_mid_block"))
    change("ti_style.safetensors", lambda key: key == "clip_l")
    change("lora_kohya.safetensors", lambda key: "lora_up" in key and "_te1_" in key)
    for kind in ("controlnet", "inversion", "lora"):
        name, changes, _ = KINDS[kind]
        assert own.violations(**changes) == []
        assert own.loader.validate_model_files([name.split("/")[0]])["results"][0]["is_valid"]


def test_zeros_that_no_job_reads(own):
    """Of training, of CLIP's half for pictures, of a name that nothing knows, and of a refiner's own VAE."""
    root = own.roots.model_roots[0]
    zero = torch.zeros(8, 8)

    def add(name: str, *keys: str) -> None:
        weights = load_file(root / name) | {key: zero.clone() for key in keys}
        (root / name).unlink()
        save_file(weights, root / name, metadata={"format": "pt"})

    add("sdxl_base_file.safetensors", "model_ema.diffusion_model.out", "unknown.matrix")
    add("sdxl_vae_file.safetensors", "loss.logvar_matrix")
    add("text_encoder_alt/model.safetensors", "vision_model.encoder.layers.0.mlp.fc1.weight")
    add("sdxl_base/text_encoder/model.safetensors", "visual_projection.weight")
    weights = load_file(root / "sdxl_refiner_file.safetensors")
    (root / "sdxl_refiner_file.safetensors").unlink()
    blank = {key: torch.zeros_like(t) if key.startswith("first_stage_model.") else t for key, t in weights.items()}
    save_file(blank, root / "sdxl_refiner_file.safetensors")
    for kind in ("base", "base folder", "vae", "text encoder", "refiner"):
        assert own.violations(**KINDS[kind][1]) == [], kind


def test_numbers_of_8_bits_may_be_rounded_to_zero(own):
    root = own.roots.model_roots[0]
    file = root / "sdxl_vae_file.safetensors"
    weights = {key: t.to(torch.float8_e4m3fn) for key, t in load_file(file).items()}
    key = next(key for key, t in weights.items() if t.dim() > 1)
    weights[key] = torch.zeros_like(weights[key])
    file.unlink()
    save_file(weights, file)
    assert facts.describe(file).model_type == "vae"
    stop_download(file, 0.5)
    with pytest.raises(ModelInvalid, match="nothing but zeros"):
        facts.describe(file)


def test_a_refusal_is_read_once_and_no_further_than_the_first_zeros(own, monkeypatch):
    file, changes, pointer = KINDS["base"]
    file = own.roots.model_roots[0] / file
    whole = file.read_bytes()
    stop_download(file, 0.5)
    found: list[bool] = []
    is_zero = unwritten._is_zero

    def counted(*args) -> bool:
        found.append(is_zero(*args))
        return found[-1]

    monkeypatch.setattr(unwritten, "_is_zero", counted)
    assert own.violations(**changes) == [("model_invalid", pointer)]
    assert sum(found) == 1
    read = len(found)
    assert own.violations(**changes) == [("model_invalid", pointer)]
    assert not own.loader.validate_model_files(["sdxl_base_file.safetensors"])["results"][0]["is_valid"]
    assert len(found) == read
    file.write_bytes(whole)
    assert own.violations(**changes) == []
