"""The layouts of LoRA files as users have them, each against the same change merged into the weights by hand."""

from __future__ import annotations

import json
import re
import shutil

import pytest
import torch
from bench import difference
from lora_lab import attention, kohya, pair, random, sgm, with_lora
from safetensors.torch import save_file

from concord_workers.models.base_layers import layers_of


class TestLayouts:
    @pytest.mark.parametrize(
        "layout", ["sgm", "kohya diffusers", "diffusers", "peft", "onetrainer", "processors", "bare processors"]
    )
    def test_every_layout_means_the_same(self, root, modules, check_equal, layout):
        weights, changes = {}, {}
        for path in attention(modules):
            down, up = pair(modules["unet"][path])
            block, number, kind = re.fullmatch(r"(.*)\.attn([12])\.(.*)", path).groups()
            processor = f"{block}.attn{number}.processor.{kind.removesuffix('.0')}_lora"
            name, ends = {
                "sgm": (kohya(path), ("lora_down", "lora_up")),
                "kohya diffusers": ("lora_unet_" + path.replace(".", "_"), ("lora_down", "lora_up")),
                "diffusers": (f"unet.{path}", ("lora.down", "lora.up")),
                "peft": (f"unet.{path}", ("lora_A", "lora_B")),
                "onetrainer": (f"unet.{sgm(path)}", ("lora_down", "lora_up")),
                "processors": (f"unet.{processor}", ("down", "up")),
                "bare processors": (processor, ("down", "up")),
            }[layout]
            weights |= {f"{name}.{ends[0]}.weight": down, f"{name}.{ends[1]}.weight": up}
            changes["unet", path] = up @ down
        save_file(weights, root / "style.safetensors")
        check_equal(changes)

    @pytest.mark.parametrize("middle", [False, True])
    def test_convolutions(self, root, modules, check_equal, middle):
        weights, changes = {}, {}
        for path, weight in modules["unet"].items():
            if weight.ndim != 4:
                continue
            rank, kernel = 3, weight.shape[2:]
            up = random(weight.shape[0], rank, 1, 1)
            name = "lora_unet_" + path.replace(".", "_")
            if middle:
                down, mid = random(rank, weight.shape[1], 1, 1), random(rank, rank, *kernel)
                weights[f"{name}.lora_mid.weight"] = mid
                change = torch.einsum("or,rikl,ic->ockl", up[:, :, 0, 0], mid, down[:, :, 0, 0])
            else:
                down = random(rank, weight.shape[1], *kernel)
                change = torch.einsum("or,rckl->ockl", up[:, :, 0, 0], down)
            weights |= {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up}
            changes["unet", path] = change
        save_file(weights, root / "style.safetensors")
        check_equal(changes)

    def test_kernels_of_one_are_read_for_linear_layers(self, root, modules, check_equal):
        weights, changes = {}, {}
        for path in attention(modules):
            down, up = pair(modules["unet"][path])
            weights |= {
                f"unet.{path}.lora_A.weight": down[..., None, None].clone(),
                f"unet.{path}.lora_B.weight": up[..., None, None].clone(),
            }
            changes["unet", path] = up @ down
        save_file(weights, root / "style.safetensors")
        check_equal(changes)

    def test_dora_in_the_layout_of_peft(self, root, modules, check_equal):
        weights, changes = {}, {}
        for path in attention(modules):
            weight = modules["unet"][path]
            down, up = pair(weight)
            changed = weight + up @ down
            magnitude = weight.norm(dim=1) * 1.5
            weights |= {f"unet.{path}.lora_A.weight": down, f"unet.{path}.lora_B.weight": up}
            weights[f"unet.{path}.lora_magnitude_vector"] = magnitude
            changes["unet", path] = magnitude[:, None] * changed / changed.norm(dim=1, keepdim=True) - weight
        save_file(weights, root / "style.safetensors")
        check_equal(changes)

    def test_doras_and_a_lora_together_add_up_in_every_order(self, own, root, modules, merged):
        """DoRA's length is that of the base's weights: no other LoRA of the layer is stretched with it."""
        changes = {}
        for name in ("dora", "second", "plain"):
            weights = {}
            for path in attention(modules):
                weight = modules["unet"][path]
                down, up = pair(weight)
                change = up @ down
                weights |= {f"unet.{path}.lora_A.weight": down, f"unet.{path}.lora_B.weight": up}
                if name != "plain":
                    changed, magnitude = weight + change, weight.norm(dim=1) * 1.2
                    weights[f"unet.{path}.lora_magnitude_vector"] = magnitude
                    change = magnitude[:, None] * changed / changed.norm(dim=1, keepdim=True) - weight
                changes["unet", path] = changes.get(("unet", path), 0) + change
            save_file(weights, root / f"{name}.safetensors")
        merged(changes)
        truth = own.picture(model={"base": "merged"})
        for names in (("dora", "second", "plain"), ("plain", "second", "dora"), ("second", "plain", "dora")):
            loras = [{"name": name, "weight": 1.0} for name in names]
            assert difference(own.picture(conditioning={"loras": loras}), truth) <= 2, names

    def test_with_another_text_encoder(self, own, root, tiny, modules):
        shutil.copytree(tiny / "text_encoder_alt", root / "alt")
        path = "encoder.layers.0.mlp.fc1"
        down, up = pair(modules["text_encoder"][path])
        save_file(
            {f"text_encoder.{path}.lora_A.weight": down * 9, f"text_encoder.{path}.lora_B.weight": up},
            root / "style.safetensors",
        )
        more = {"model": {"text_encoder": "alt"}}
        assert difference(with_lora(own, **more), own.picture(**more)) > 0


def test_all_names_of_the_published_architecture_are_told_apart():
    import sys
    from pathlib import Path

    folder = Path(sys.prefix) / "share" / "sdxl-config" / "base"
    parts = ("unet", "text_encoder", "text_encoder_2")
    names = layers_of({part: json.loads((folder / part / "config.json").read_text()) for part in parts})
    assert len({(layer.component, layer.path) for layer in names.values()}) == 794 + 72 + 193  # unet and both text encoders
    for name, path in {
        "lora_unet_input_blocks_7_1_proj_in": "down_blocks.2.attentions.0.proj_in",
        "lora_unet_output_blocks_5_2_conv": "up_blocks.1.upsamplers.0.conv",
        "lora_unet_output_blocks_8_0_skip_connection": "up_blocks.2.resnets.2.conv_shortcut",
        "lora_unet_input_blocks_3_0_op": "down_blocks.0.downsamplers.0.conv",
        "lora_unet_middle_block_2_in_layers_2": "mid_block.resnets.1.conv1",
        "lora_unet_label_emb_0_2": "add_embedding.linear_2",
        "lora_te1_text_model_encoder_layers_11_mlp_fc1": "encoder.layers.11.mlp.fc1",
        "lora_te2_text_model_encoder_layers_31_self_attn_q_proj": "text_model.encoder.layers.31.self_attn.q_proj",
        "lora_te2_text_projection": "text_projection",
    }.items():
        assert names[name].path == path
