"""Names, weights and pictures for the tests of LoRAs."""

from __future__ import annotations

import re

import pytest
import torch
from bench import DEFAULTS, merge

from concord_workers.contract import read_partial
from concord_workers.core.errors import ModelInvalid

ATTENTION = re.compile(r"attn[12]\.(to_q|to_k|to_v|to_out\.0)$")
GENERATOR = torch.Generator()


def reseed() -> None:
    """Begins the random numbers anew."""
    GENERATOR.manual_seed(7)


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=GENERATOR) * 0.25


def attention(modules) -> list[str]:
    return [path for path in modules["unet"] if ATTENTION.search(path)]


def sgm(path: str) -> str:
    for level in range(3):
        for number in range(3):
            path = path.replace(f"down_blocks.{level}.attentions.{number}.", f"input_blocks.{3 * level + number + 1}.1.")
            path = path.replace(f"up_blocks.{level}.attentions.{number}.", f"output_blocks.{3 * level + number}.1.")
    return path.replace("mid_block.attentions.0.", "middle_block.1.")


def kohya(path: str) -> str:
    return "lora_unet_" + sgm(path).replace(".", "_")


def pair(weight: torch.Tensor, rank: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    """down, up of a linear layer."""
    return random(rank, weight.shape[1]), random(weight.shape[0], rank)


def with_lora(engine, name="style", weight=1.0, **more):
    return engine.picture(**merge({"conditioning": {"loras": [{"name": name, "weight": weight}]}}, more))


def lora_of(modules, change=lambda name, down, up: {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up}) -> dict:
    weights = {}
    for path in attention(modules):
        weights |= change(kohya(path), *pair(modules["unet"][path]))
    return weights


def plain_lora(modules) -> tuple[dict, str]:
    """A LoRA of one layer, and that layer's name in it."""
    path = attention(modules)[0]
    down, up = pair(modules["unet"][path])
    name = f"unet.{path}"
    return {f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up}, name


def refused_alike(own, *, by_itself=True) -> str:
    """The message of the error that the check finds and the job fails with.

    by_itself: what is wrong is so with any base, and `validate_model_files` says it too.
    """
    with_it = {"conditioning": {"loras": [{"name": "style", "weight": 1.0}]}}
    (violation,) = own.worker.check(read_partial(merge(DEFAULTS, with_it)))
    with pytest.raises(ModelInvalid) as caught:
        own.picture(**with_it)
    assert violation.code == "model_invalid" and violation.field == caught.value.field == "/conditioning/loras/0/name"
    assert violation.message == caught.value.message
    (row,) = own.loader.validate_model_files(["style.safetensors"])["results"]
    assert row["is_valid"] is not by_itself
    assert not by_itself or row["issues"] == [violation.message]
    return violation.message
