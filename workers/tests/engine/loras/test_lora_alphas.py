"""The alpha and rank of each layer of a LoRA, against the same change merged into the weights by hand."""

from __future__ import annotations

import json
import re

import pytest
import torch
from bench import difference
from lora_lab import attention, kohya, pair, with_lora
from safetensors.torch import save_file

from concord_workers.core.errors import ModelInvalid


class TestAlphas:
    @pytest.mark.parametrize("alpha", [lambda rank: rank, lambda rank: 4.0, lambda rank: 0.3 * rank + 1])
    def test_each_layer_has_its_own_rank_and_alpha(self, root, modules, check_equal, alpha):
        weights, changes = {}, {}
        for index, path in enumerate(attention(modules)):
            rank = 1 + index % 8
            down, up = pair(modules["unet"][path], rank)
            weights |= {f"{kohya(path)}.lora_down.weight": down, f"{kohya(path)}.lora_up.weight": up}
            weights[f"{kohya(path)}.alpha"] = torch.tensor(float(alpha(rank)))
            changes["unet", path] = alpha(rank) / rank * up @ down
        save_file(weights, root / "style.safetensors")
        check_equal(changes)

    def test_those_of_the_text_encoders_too(self, root, modules, check_equal):
        weights, changes = {}, {}
        for component, prefix in (("text_encoder", "lora_te1_"), ("text_encoder_2", "lora_te2_")):
            for index, path in enumerate(p for p in modules[component] if re.search(r"(_proj|fc[12])$", p)):
                rank = 1 + index % 5
                down, up = pair(modules[component][path], rank)
                name = prefix + ("text_model." + path.removeprefix("text_model.")).replace(".", "_")
                weights |= {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up}
                weights[f"{name}.alpha"] = torch.tensor(rank / 2)
                changes[component, path] = 0.5 * up @ down
        save_file(weights, root / "style.safetensors")
        check_equal(changes)

    def test_from_the_metadata_in_the_header(self, root, modules, check_equal):
        weights, changes = {}, {}
        for path in attention(modules):
            down, up = pair(modules["unet"][path])
            weights |= {f"unet.{path}.lora_A.weight": down * 0.1, f"unet.{path}.lora_B.weight": up}
            changes["unet", path] = (8.0 if path.endswith("to_q") else 4.0) * up @ (down * 0.1)
        said = {"unet.r": 4, "unet.lora_alpha": 16, "unet.alpha_pattern": {"to_q": 32}, "unet.target_modules": ["to_q"]}
        save_file(weights, root / "style.safetensors", metadata={"lora_adapter_metadata": json.dumps(said)})
        check_equal(changes)

    def test_a_stabilised_rank_divides_by_its_root(self, root, modules, check_equal):
        weights, changes = {}, {}
        for path in attention(modules):
            down, up = pair(modules["unet"][path])
            weights |= {f"unet.{path}.lora_A.weight": down, f"unet.{path}.lora_B.weight": up}
            changes["unet", path] = 2.0 * up @ down
        said = {"unet.r": 4, "unet.lora_alpha": 4, "unet.use_rslora": True}
        save_file(weights, root / "style.safetensors", metadata={"lora_adapter_metadata": json.dumps(said)})
        check_equal(changes)

    @pytest.mark.parametrize("text", ["not json", "[]", '{"unet.lora_alpha": "many"}', '{"unet.lora_alpha": 9}'])
    def test_metadata_that_cannot_be_read_or_contradicts_the_file(self, own, root, modules, text):
        path = attention(modules)[0]
        down, up = pair(modules["unet"][path])
        weights = {
            f"unet.{path}.lora_A.weight": down,
            f"unet.{path}.lora_B.weight": up,
            f"unet.{path}.alpha": torch.tensor(4.0),
        }
        save_file(weights, root / "style.safetensors", metadata={"lora_adapter_metadata": text})
        with pytest.raises(ModelInvalid) as caught:
            with_lora(own)
        assert caught.value.field == "/conditioning/loras/0/name"

    def test_fp16_keeps_the_scale(self, root, modules, check_equal):
        weights, changes = {}, {}
        for path in attention(modules):
            down, up = pair(modules["unet"][path], 3)
            weights |= {f"{kohya(path)}.lora_down.weight": down.half(), f"{kohya(path)}.lora_up.weight": up.half()}
            weights[f"{kohya(path)}.alpha"] = torch.tensor(1.0).half()
            changes["unet", path] = 1 / 3 * up.half().float() @ down.half().float()
        save_file(weights, root / "style.safetensors")
        check_equal(changes)

    def test_several_add_up_with_their_weights_and_come_off_again(self, own, root, modules, merged, bare):
        changes = {}
        for number, name in enumerate(("one", "two")):
            weights = {}
            for path in dict.fromkeys(attention(modules)[number::2] + attention(modules)[:4]):
                down, up = pair(modules["unet"][path], 2 + number)
                weights |= {f"unet.{path}.lora_A.weight": down, f"unet.{path}.lora_B.weight": up}
                change = (0.5 if number == 0 else -0.75) * up @ down
                changes["unet", path] = changes.get(("unet", path), 0) + change
            save_file(weights, root / f"{name}.safetensors")
        merged(changes)
        both = [{"name": "one", "weight": 0.5}, {"name": "two", "weight": -0.75}]
        truth = own.picture(model={"base": "merged"})
        assert difference(own.picture(conditioning={"loras": both}), truth) <= 2
        only = own.picture(conditioning={"loras": both[1:]})
        assert difference(own.picture(conditioning={"loras": both[::-1]}), truth) <= 2
        assert difference(own.picture(conditioning={"loras": both[1:]}), only) == 0
        assert difference(own.picture(), bare) == 0


@pytest.mark.parametrize("pattern", ["to_q", "^.*\\.to_q$", "attn1.to_q|attn2.to_q"])
def test_patterns_that_peft_writes_are_read(own, root, modules, pattern):
    weights, changed = {}, {}
    for path in attention(modules):
        down, up = pair(modules["unet"][path])
        weights |= {f"unet.{path}.lora_A.weight": down, f"unet.{path}.lora_B.weight": up}
        changed[f"unet.{path}.alpha"] = torch.tensor(8.0 if path.endswith("to_q") else 4.0)
    said = {"unet.lora_alpha": 4, "unet.alpha_pattern": {pattern: 8}}
    save_file(weights, root / "style.safetensors", metadata={"lora_adapter_metadata": json.dumps(said)})
    save_file(weights | changed, root / "truth.safetensors")
    assert difference(with_lora(own), with_lora(own, "truth")) == 0
