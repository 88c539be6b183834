"""A VAE in a file without a configuration against the base's own VAE."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from concord_workers.core.errors import ModelInvalid
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.vae_latents import require_same_latents

WEIGHT = torch.randn(512, 4, 3, 3, generator=torch.Generator().manual_seed(1))
OTHER = torch.randn(512, 4, 3, 3, generator=torch.Generator().manual_seed(2))


def facts(path: Path, weight: torch.Tensor) -> ModelFacts:
    save_file({"decoder.conv_in.weight": weight}, path)
    return ModelFacts(path, "vae", (path,), path.stat().st_size, {"model": weight.numel()}, "fp32", None)


def compare(tmp_path: Path, vae: torch.Tensor, base: torch.Tensor) -> None:
    require_same_latents(facts(tmp_path / "vae.safetensors", vae), facts(tmp_path / "base.safetensors", base))


def test_weights_of_one_training_fit(tmp_path):
    compare(tmp_path, WEIGHT + 0.3 * OTHER, WEIGHT)


def test_weights_of_another_training_are_refused(tmp_path):
    with pytest.raises(ModelInvalid, match=r"does not decode the latents of base.safetensors; it may be") as caught:
        compare(tmp_path, OTHER, WEIGHT)
    assert caught.value.field == "/model/vae"


@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_a_base_without_sound_weights_says_nothing_about_the_vae(tmp_path, value):
    compare(tmp_path, WEIGHT, torch.full_like(WEIGHT, value))


def test_a_vae_that_is_not_finite_is_told_so(tmp_path):
    with pytest.raises(ModelInvalid, match=r"vae.safetensors has values that are not finite"):
        compare(tmp_path, torch.full_like(WEIGHT, float("nan")), WEIGHT)


def test_a_configuration_beside_the_file_skips_the_comparison(tmp_path):
    (tmp_path / "vae.config").mkdir()
    compare(tmp_path, OTHER, WEIGHT)
