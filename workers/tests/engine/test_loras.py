"""LoRA files as users have them, each against the same change merged into the weights by hand; and what is refused."""

from __future__ import annotations

import json
import re
import shutil

import pytest
import torch
from bench import DEFAULTS, Engine, difference, merge
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from concord_workers.contract import read_partial
from concord_workers.core.errors import ModelInvalid
from concord_workers.models.base_layers import layers_of

ATTENTION = re.compile(r"attn[12]\.(to_q|to_k|to_v|to_out\.0)$")
GENERATOR = torch.Generator().manual_seed(7)


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=GENERATOR) * 0.25


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


@pytest.fixture
def check_equal(own, merged, bare):
    """Checks that `style` changes the picture as the same changes of the base's weights do."""

    def check(changes: dict[tuple[str, str], torch.Tensor]) -> None:
        merged(changes)
        picture = with_lora(own)
        assert difference(picture, own.picture(model={"base": "merged"})) <= 2
        assert difference(picture, bare) > 20

    return check


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


def lora_of(modules, change=lambda name, down, up: {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up}) -> dict:
    weights = {}
    for path in attention(modules):
        weights |= change(kohya(path), *pair(modules["unet"][path]))
    return weights


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
        refused_alike(own, by_itself=False)

    @pytest.mark.parametrize("pattern", ["([a-z_.0-9]+)+!", "(a|a)*b", ".*.*.*.*!"])
    def test_a_pattern_that_could_be_matched_for_hours(self, own, root, modules, pattern):
        said = json.dumps({"unet.lora_alpha": 4, "unet.alpha_pattern": {pattern: 5}})
        save_file(plain_lora(modules)[0], root / "style.safetensors", metadata={"lora_adapter_metadata": said})
        assert "pattern" in refused_alike(own)

    @pytest.mark.parametrize("size", [0, 3])
    def test_magnitudes_of_another_size(self, own, root, modules, size):
        weights, name = plain_lora(modules)
        save_file(weights | {f"{name}.lora_magnitude_vector": torch.ones(size)}, root / "style.safetensors")
        assert "magnitudes" in refused_alike(own, by_itself=False)

    @pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.bool])
    def test_weights_that_are_quantised(self, own, root, modules, dtype):
        weights = {name: (tensor * 100).to(dtype) for name, tensor in plain_lora(modules)[0].items()}
        save_file(weights, root / "style.safetensors")
        assert "floating-point" in refused_alike(own)


def test_not_the_base_is_blamed_for_weights_that_are_not_finite(own, root, modules):
    weights, name = plain_lora(modules)
    save_file(weights | {f"{name}.lora_A.weight": weights[f"{name}.lora_A.weight"] / 0}, root / "style.safetensors")
    with pytest.raises(ModelInvalid, match="not finite") as caught:
        with_lora(own)
    assert caught.value.field == "/conditioning/loras/0/name"


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
