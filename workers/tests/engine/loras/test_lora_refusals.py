"""Files that look like LoRAs and are refused: other kinds, other models, layers that do not fit."""

from __future__ import annotations

import pytest
import torch
from bench import DEFAULTS, difference, merge
from lora_lab import attention, kohya, lora_of, random, refused_alike, with_lora
from safetensors.torch import save_file

from concord_workers.contract import read_partial
from concord_workers.core.errors import ModelInvalid


def foreign(prefix: str, width: int = 64) -> dict:
    return {f"{prefix}.lora_A.weight": random(4, width), f"{prefix}.lora_B.weight": random(64, 4)}


OTHER_KINDS = {
    "LoHa": {"hada_w1_a": (16, 4), "hada_w1_b": (4, 16), "hada_w2_a": (16, 4), "hada_w2_b": (4, 16)},
    "LoKr": {"lokr_w1": (4, 4), "lokr_w2": (4, 4)},
    "OFT": {"oft_blocks": (2, 8, 8)},
    "full differences": {"diff": (16, 16)},
    "biases": {"diff_b": (16,)},
    "IA3": {"weight": (16,), "on_input": (1,)},
    "GLoRA": {"a1.weight": (4, 16), "a2.weight": (16, 4)},
    "dora_scale": {"lora_down.weight": (4, 16), "lora_up.weight": (16, 4), "dora_scale": (16, 1)},
}
OTHER_MODELS = {
    "Flux": foreign("transformer.single_transformer_blocks.0.attn.to_q"),
    "Flux ": foreign("lora_unet_double_blocks_0_img_attn_proj"),
    "Stable Diffusion 3": foreign("lora_unet_joint_blocks_0_x_block_attn_proj"),
    "diffusion transformer": foreign("diffusion_model.blocks.0.cross_attn.q"),
    "Stable Diffusion 1.x": foreign("lora_te_text_model_encoder_layers_0_mlp_fc1")
    | foreign("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k", 768),
    "Stable Diffusion 2.x": foreign("lora_te_text_model_encoder_layers_0_mlp_fc1")
    | foreign("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k", 1024),
    "names no layers": foreign("base_model.model.down_blocks.1.attentions.0.proj_in"),
    "names no layers ": foreign("down_blocks.1.attentions.0.proj_in"),
}


class TestRefusals:
    """Before any job, at the entry's pointer, and in it; the job after it is clean."""

    @pytest.fixture(autouse=True)
    def _bare(self, bare):
        self.bare = bare

    def check(self, own, text: str) -> ModelInvalid:
        loras = [{"name": "style", "weight": 1.0}]
        violations = own.worker.check(read_partial(merge(DEFAULTS, {"conditioning": {"loras": loras}})))
        assert [(violation.code, violation.field) for violation in violations] == [
            ("model_invalid", "/conditioning/loras/0/name")
        ]
        assert text.strip() in violations[0].message
        with pytest.raises(ModelInvalid) as caught:
            with_lora(own)
        assert caught.value.field == "/conditioning/loras/0/name"
        assert difference(own.picture(), self.bare) == 0
        return caught.value

    @pytest.mark.parametrize("kind", OTHER_KINDS)
    def test_other_kinds_are_named(self, own, root, modules, kind):
        tensors = {f"{kohya(attention(modules)[0])}.{end}": random(*shape) for end, shape in OTHER_KINDS[kind].items()}
        save_file(lora_of(modules) | tensors if kind == "LoHa" else tensors, root / "style.safetensors")
        self.check(own, kind)
        row = own.loader.validate_model_files(["style.safetensors"])["results"][0]
        assert not row["is_valid"] and kind in row["issues"][0]

    @pytest.mark.parametrize("model", OTHER_MODELS)
    def test_other_models_are_named(self, own, root, model):
        save_file(OTHER_MODELS[model], root / "style.safetensors")
        self.check(own, model)
        row = own.loader.validate_model_files(["style.safetensors"])["results"][0]
        assert not row["is_valid"] and model.strip() in row["issues"][0]

    @pytest.mark.parametrize(
        ("width", "model"), [(768, "Stable Diffusion 1.x"), (1024, "Stable Diffusion 2.x"), (1280, "refiner")]
    )
    def test_a_unet_of_another_width_is_told_without_a_base(self, own, root, width, model):
        """Nothing but the UNet's layers, in names that SDXL has too: their width tells."""
        weights = foreign("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k", width)
        for metadata in ({}, {"modelspec.architecture": "flux-1-dev/lora"}):
            save_file(weights, root / "style.safetensors", metadata=metadata)
            message = refused_alike(own)
            assert model in message and f"its UNet reads text of width {width}, SDXL's 2048" in message
            assert "names" not in message and "flux" not in message

    def test_bundled_embeddings(self, own, root, modules):
        save_file(lora_of(modules) | {"bundle_emb.sks.clip_l": random(2, 32)}, root / "style.safetensors")
        self.check(own, "embedding")

    @pytest.mark.parametrize(
        "extra",
        [
            "lora_unet_input_blocks_11_1_transformer_blocks_0_attn1_to_q",
            "unet.down_blocks.9.attentions.0.transformer_blocks.0.attn1.to_q",
            "lora_te1_text_model_encoder_layers_9_mlp_fc1",
            "text_encoder_2.text_model.encoder.layers.9.mlp.fc1",
        ],
    )
    def test_layers_that_the_base_lacks(self, own, root, modules, extra):
        more = {f"{extra}.lora_down.weight": random(4, 32), f"{extra}.lora_up.weight": random(32, 4)}
        save_file(lora_of(modules) | more, root / "style.safetensors")
        error = self.check(own, "1 of its 137 layers")
        assert error.details == {"layers": [extra], "layers_total": 1}

    def test_layers_of_another_size(self, own, root, modules):
        weights = lora_of(modules)
        key = next(key for key in weights if "attn2_to_k.lora_down" in key)
        weights[key] = random(4, 96)
        save_file(weights, root / "style.safetensors")
        self.check(own, "another size")

    @pytest.mark.parametrize("alpha", [torch.tensor(float("nan")), torch.tensor(float("inf")), torch.ones(3)])
    def test_alphas_that_are_no_number(self, own, root, modules, alpha):
        save_file(lora_of(modules) | {kohya(attention(modules)[0]) + ".alpha": alpha}, root / "style.safetensors")
        with pytest.raises(ModelInvalid) as caught:
            with_lora(own)
        assert caught.value.field == "/conditioning/loras/0/name"

    def test_a_layer_without_rank(self, own, root, modules):
        path = attention(modules)[0]
        shape = modules["unet"][path].shape
        weights = {
            f"unet.{path}.lora_A.weight": torch.zeros(0, shape[1]),
            f"unet.{path}.lora_B.weight": torch.zeros(shape[0], 0),
        }
        save_file(weights, root / "style.safetensors")
        self.check(own, "rank 0")

    @pytest.mark.parametrize("what", ["half", "unknown"])
    def test_names_that_mean_nothing(self, own, root, modules, what):
        weights = lora_of(modules)
        if what == "half":
            del weights[next(key for key in weights if "lora_up" in key)]
        else:
            weights[kohya(attention(modules)[0]) + ".lora_sideways"] = random(4, 4)
        save_file(weights, root / "style.safetensors")
        self.check(own, "lack" if what == "half" else "not known")
