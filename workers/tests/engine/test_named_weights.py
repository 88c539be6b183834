"""Weight files that a configuration of transformers names: the checks read the file that the library reads."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from bench import Engine, difference
from safetensors.torch import load_file, save_file

PARTS = {
    "text_encoder_alt": ({"model": {"text_encoder": "text_encoder_alt"}}, "/model/text_encoder"),
    "sdxl_base/text_encoder_2": ({}, "/model/base"),
}


@pytest.fixture
def own(tmp_path, tiny, inputs) -> Engine:
    root = tmp_path / "models"
    for name in ("sdxl_base", "text_encoder_alt"):
        shutil.copytree(tiny / name, root / name)
    return Engine(root, inputs, tmp_path / "outputs")


def configure(own: Engine, part: str, named: str) -> None:
    file = own.roots.model_roots[0] / part / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"transformers_weights": named}))


@pytest.mark.parametrize("part", PARTS)
def test_the_named_file_is_checked_and_read(own, part):
    changes, pointer = PARTS[part]
    folder = own.roots.model_roots[0] / part
    weights, plain = load_file(folder / "model.safetensors"), own.picture(**changes)
    change = {key: tensor * 1.5 if tensor.is_floating_point() else tensor for key, tensor in weights.items()}
    save_file(change, folder / "other.safetensors", metadata={"format": "pt"})
    configure(own, part, "other.safetensors")
    assert difference(own.picture(**changes), plain) > 0
    (folder / "model.safetensors").unlink()
    assert own.violations(**changes) == []
    some = dict(list(weights.items())[:2])
    save_file({key: torch.clone(tensor) for key, tensor in some.items()}, folder / "other.safetensors")
    assert own.violations(**changes) == [("model_invalid", pointer)]


@pytest.mark.parametrize("named", ["absent.safetensors", "../model.safetensors", "model.bin", "adapter_model.bin"])
def test_a_name_that_is_no_file_to_read_is_refused(own, named):
    for part, (changes, pointer) in PARTS.items():
        configure(own, part, named)
        assert (("model_invalid", pointer)) in own.violations(**changes)
        row = own.loader.validate_model_files([part.split("/")[0]])["results"][0]
        assert not row["is_valid"] and named in row["issues"][0]
