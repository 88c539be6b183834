"""A root of its own for each file: its base stays loaded, and each test writes its own `style` and `merged`."""

from __future__ import annotations

import shutil

import pytest
import torch
from bench import Engine, difference
from diffusers import UNet2DConditionModel
from lora_lab import reseed, with_lora
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection


@pytest.fixture(autouse=True)
def _same_numbers():
    """The random numbers of a test are its own, whichever tests ran before it in this process."""
    reseed()


@pytest.fixture(scope="module")
def modules(tiny):
    """Component → path → weight of the tiny base."""
    classes = {"unet": UNet2DConditionModel, "text_encoder": CLIPTextModel, "text_encoder_2": CLIPTextModelWithProjection}
    found = {}
    for name, cls in classes.items():
        module = cls.from_pretrained(tiny / "sdxl_base" / name, local_files_only=True)
        layers = {path: layer for path, layer in module.named_modules() if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d)}
        found[name] = {path: layer.weight.detach() for path, layer in layers.items()}
    return found


@pytest.fixture(scope="module")
def root(tmp_path_factory, tiny):
    """One root for the file: its base stays loaded, and each test writes its own `style` and `merged`."""
    folder = tmp_path_factory.mktemp("loras")
    shutil.copytree(tiny / "sdxl_base", folder / "sdxl_base")
    return folder


@pytest.fixture(scope="module")
def own(root, inputs, tmp_path_factory):
    return Engine(root, inputs, tmp_path_factory.mktemp("outputs"))


@pytest.fixture(scope="module")
def bare(own):
    """The picture without a LoRA."""
    return own.picture()


@pytest.fixture
def merged(root):
    """Writes `merged`: the base with changes of weights, by component and path."""

    def write(changes: dict[tuple[str, str], torch.Tensor]) -> None:
        shutil.rmtree(root / "merged", ignore_errors=True)
        shutil.copytree(root / "sdxl_base", root / "merged")
        for component in {component for component, _ in changes}:
            file = next((root / "merged" / component).glob("*.safetensors"))
            weights = load_file(file)
            for (of, path), change in changes.items():
                if of == component:
                    key = next(
                        k for k in weights if k.removeprefix("text_model.") == f"{path.removeprefix('text_model.')}.weight"
                    )
                    weights[key] = weights[key] + change.reshape(weights[key].shape)
            save_file(weights, file, metadata={"format": "pt"})

    return write


@pytest.fixture
def check_equal(own, merged, bare):
    """Checks that `style` changes the picture as the same changes of the base's weights do."""

    def check(changes: dict[tuple[str, str], torch.Tensor]) -> None:
        merged(changes)
        picture = with_lora(own)
        assert difference(picture, own.picture(model={"base": "merged"})) <= 2
        assert difference(picture, bare) > 20

    return check
