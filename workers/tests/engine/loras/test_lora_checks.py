"""Broken LoRAs: the check, `validate_model_files` and the job say the same."""

from __future__ import annotations

import json

import pytest
import torch
from lora_lab import attention, kohya, pair, plain_lora, random, refused_alike, with_lora
from safetensors.torch import save_file

from concord_workers.core.errors import ModelInvalid


class TestWhatTheCheckSaysTheJobSays:
    @pytest.mark.parametrize(
        "alpha", [torch.tensor(float("nan")), torch.tensor(float("inf")), torch.zeros(0), torch.ones(2), torch.ones(1, 1, 1, 1)]
    )
    def test_an_alpha_that_is_no_number(self, own, root, modules, alpha):
        weights, name = plain_lora(modules)
        save_file(weights | {f"{name}.alpha": alpha}, root / "style.safetensors")
        assert "alpha" in refused_alike(own)

    @pytest.mark.parametrize(
        "said",
        [
            '{"unet.lora_alpha": "many"}',
            '{"unet.lora_alpha": 1e400}',
            '{"unet.lora_alpha": 4, "unet.alpha_pattern": 5}',
            '{"unet.lora_alpha": 4, "unet.alpha_pattern": {"(((": 5}}',
            '{"unet.lora_alpha": 4, "unet.alpha_pattern": {"to_q": []}}',
            '{"unet.lora_alpha": 4, "unet.use_rslora": "yes"}',
            '{"unet.lora_alpha": 1' + "0" * 400 + "}",
            '{"lora_alpha": 16, "r": 4}',
            '{"transformer.lora_alpha": 16}',
            "[" * 200_000,
        ],
        ids=["text", "infinite", "pattern", "expression", "value", "flag", "large", "of nothing", "of another", "deep"],
    )
    def test_metadata_that_cannot_be_read(self, own, root, modules, said):
        save_file(plain_lora(modules)[0], root / "style.safetensors", metadata={"lora_adapter_metadata": said})
        refused_alike(own)

    @pytest.mark.parametrize(
        "said",
        [
            {"unet.lora_alpha": 16, "unet.r": 64},
            {"unet.lora_alpha": 16, "unet.r": 4, "unet.rank_pattern": {"to_q": 8}},
            {"unet.lora_alpha": 4, "unet.use_dora": True},
        ],
        ids=["rank", "rank of a layer", "dora"],
    )
    def test_metadata_that_say_another_change_than_the_weights(self, own, root, modules, said):
        weights, _ = plain_lora(modules)
        save_file(weights, root / "style.safetensors", metadata={"lora_adapter_metadata": json.dumps(said)})
        refused_alike(own)

    @pytest.mark.parametrize(
        ("said", "by_itself"),
        [
            ({"unet.lora_alpha": 16, "unet.r": 64}, True),
            ({"unet.lora_alpha": 9}, True),
            ({"unet.lora_alpha": 4, "unet.use_dora": True}, True),
            # kohya's names do not tell which part of them is the path that a pattern is for.
            ({"unet.lora_alpha": 16, "unet.rank_pattern": {".*": 8}}, False),
        ],
        ids=["rank", "alpha", "dora", "pattern"],
    )
    def test_the_same_by_the_names_of_kohya(self, own, root, modules, said, by_itself):
        path = attention(modules)[0]
        down, up = pair(modules["unet"][path])
        weights = {f"{kohya(path)}.lora_down.weight": down, f"{kohya(path)}.lora_up.weight": up}
        weights[f"{kohya(path)}.alpha"] = torch.tensor(16.0)
        save_file(weights, root / "style.safetensors", metadata={"lora_adapter_metadata": json.dumps(said)})
        refused_alike(own, by_itself=by_itself)

    @pytest.mark.parametrize("component", ["text_encoder", "text_encoder_2"])
    def test_the_same_for_a_text_encoder(self, own, root, modules, component):
        path = next(path for path in modules[component] if path.endswith("q_proj"))
        down, up = pair(modules[component][path])
        name = f"{component}.{path}"
        said = {f"{component}.lora_alpha": 16, f"{component}.r": 64, "unet.r": 4}
        weights = {f"{name}.lora_A.weight": down, f"{name}.lora_B.weight": up}
        save_file(weights, root / "style.safetensors", metadata={"lora_adapter_metadata": json.dumps(said)})
        assert "rank" in refused_alike(own)

    @pytest.mark.parametrize("pattern", ["([a-z_.0-9]+)+!", "(a|a)*b", ".*.*.*.*!"])
    def test_a_pattern_that_could_be_matched_for_hours(self, own, root, modules, pattern):
        said = json.dumps({"unet.lora_alpha": 4, "unet.alpha_pattern": {pattern: 5}})
        save_file(plain_lora(modules)[0], root / "style.safetensors", metadata={"lora_adapter_metadata": said})
        assert "pattern" in refused_alike(own)

    @pytest.mark.parametrize("size", [0, 3])
    def test_magnitudes_of_another_size(self, own, root, modules, size):
        weights, name = plain_lora(modules)
        save_file(weights | {f"{name}.lora_magnitude_vector": torch.ones(size)}, root / "style.safetensors")
        assert "magnitudes" in refused_alike(own)

    @pytest.mark.parametrize(
        ("down", "up", "mid"),
        [
            ((1, 32), (32, 4), None),
            ((32,), (32, 4), None),
            ((4, 32), (32,), None),
            ((4, 32), (32, 4, 3, 3), None),
            ((4, 32, 1, 1), (32, 4, 1, 1), (4, 3, 3, 3)),
            ((4, 32, 1, 1), (32, 4, 1, 1), (4, 4)),
            ((4, 32, 3, 3), (32, 4, 1, 1), (4, 4, 3, 3)),
        ],
        ids=["rank", "down vector", "up vector", "up kernel", "middle", "flat middle", "two kernels"],
    )
    def test_matrices_that_do_not_fit_each_other(self, own, root, modules, down, up, mid):
        _, name = plain_lora(modules)
        weights = {f"{name}.lora_down.weight": random(*down), f"{name}.lora_up.weight": random(*up)}
        if mid is not None:
            weights[f"{name}.lora_mid.weight"] = random(*mid)
        save_file(weights, root / "style.safetensors")
        assert name in refused_alike(own)
        assert not own.loader.validate_model_files(["style.safetensors"], deep=True)["results"][0]["is_valid"]
        with pytest.raises(ModelInvalid):
            own.loader.describe("style.safetensors")

    def test_magnitudes_for_some_layers_alone(self, own, root, modules):
        weights, name = plain_lora(modules)
        outputs = weights[f"{name}.lora_B.weight"].shape[0]
        other = attention(modules)[1]
        more = dict(
            zip((f"unet.{other}.lora_A.weight", f"unet.{other}.lora_B.weight"), pair(modules["unet"][other]), strict=True)
        )
        save_file(weights | more | {f"{name}.lora_magnitude_vector": torch.ones(outputs)}, root / "style.safetensors")
        assert "magnitudes for 1 of its 2 layers" in refused_alike(own)

    @pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.bool])
    def test_weights_that_are_quantised(self, own, root, modules, dtype):
        weights = {name: (tensor * 100).to(dtype) for name, tensor in plain_lora(modules)[0].items()}
        save_file(weights, root / "style.safetensors")
        assert "floating-point" in refused_alike(own)

    def test_magnitudes_that_are_quantised(self, own, root, modules):
        weights, name = plain_lora(modules)
        magnitude = torch.ones(weights[f"{name}.lora_B.weight"].shape[0], dtype=torch.int8)
        save_file(weights | {f"{name}.lora_magnitude_vector": magnitude}, root / "style.safetensors")
        assert "floating-point" in refused_alike(own)

    def test_an_alpha_may_be_a_whole_number(self, own, root, modules):
        weights, name = plain_lora(modules)
        save_file(weights | {f"{name}.alpha": torch.tensor(4)}, root / "style.safetensors")
        assert with_lora(own) is not None


def test_not_the_base_is_blamed_for_weights_that_are_not_finite(own, root, modules):
    weights, name = plain_lora(modules)
    save_file(weights | {f"{name}.lora_A.weight": weights[f"{name}.lora_A.weight"] / 0}, root / "style.safetensors")
    with pytest.raises(ModelInvalid, match="not finite") as caught:
        with_lora(own)
    assert caught.value.field == "/conditioning/loras/0/name"
