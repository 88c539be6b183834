"""Values that a model file leaves without an effect: the picture is the same without them, and check and job say so."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from bench import DEFAULTS, Engine, difference, merge, pixels, submission_of
from diffusers import UNet2DConditionModel
from safetensors.torch import load_file, save_file

from concord_workers.contract import read_partial
from concord_workers.core.effective import effective
from concord_workers.core.errors import UnsupportedFeature
from concord_workers.core.job_context import JobContext

LORA = {"conditioning": {"loras": [{"name": "none", "weight": 1.0}]}}
NET = {"type": "canny", "image": "init.png", "weight": 1, "guidance_start": 0, "guidance_end": 1, "preprocess": False}


@pytest.fixture(scope="module")
def root(tmp_path_factory, tiny):
    folder = tmp_path_factory.mktemp("no_effect")
    for name in ("sdxl_base", "sdxl_refiner", "controlnet_canny"):
        shutil.copytree(tiny / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def own(root, inputs, tmp_path_factory) -> Engine:
    return Engine(root, inputs, tmp_path_factory.mktemp("outputs"))


def said(own: Engine, **changes) -> tuple[dict, list[str | None]]:
    """The result of a job, and the pointers of its `no_effect`, which the check foresees."""
    foreseen, ran = JobContext(), JobContext()
    own.worker.predict_warnings(read_partial(effective("PromptSubmission", merge(DEFAULTS, changes), "cpu")), foreseen)
    result = own.run(ran, **changes)
    found, before = ([w.pointer for w in context.warnings if w.code == "no_effect"] for context in (ran, foreseen))
    assert sorted(map(str, found)) == sorted(map(str, before))
    return result, found


class TestLorasOfZeros:
    @pytest.mark.parametrize("part", ["alpha", "lora_up", "lora_down"])
    def test_one_that_changes_nothing_is_said(self, own, root, tiny, part):
        weights = load_file(tiny / "lora_kohya.safetensors")
        save_file({k: torch.zeros_like(t) if part in k else t for k, t in weights.items()}, root / "none.safetensors")
        result, pointers = said(own, **LORA)
        assert pointers == ["/conditioning/loras/0/name"]
        assert not result["features_used"]["lora"]
        assert difference(pixels(result["images"][0]), own.picture()) == 0

    def test_one_layer_is_an_effect(self, own, root, tiny):
        weights = load_file(tiny / "lora_kohya.safetensors")
        kept = max(key for key in weights if "lora_up" in key and "_unet_" in key)
        zero = {k: torch.zeros_like(t) if "lora_up" in k and k != kept else t for k, t in weights.items()}
        save_file(zero, root / "none.safetensors")
        result, pointers = said(own, **LORA)
        assert pointers == [] and result["features_used"]["lora"]


@pytest.fixture(scope="module")
def distilled(root):
    """A job with `distilled`."""
    distill(root, "sdxl_base", "distilled")
    return {"model": {"base": "distilled"}}


def distill(root, name: str, new: str) -> None:
    """A copy of a base or refiner whose UNet takes the guidance scale as an input."""
    shutil.copytree(root / name, root / new)
    unet = root / new / "unet"
    config = json.loads((unet / "config.json").read_text()) | {"time_cond_proj_dim": 16}
    (unet / "config.json").write_text(json.dumps(config))
    file = unet / "diffusion_pytorch_model.safetensors"
    weights = load_file(file)
    shape = UNet2DConditionModel.from_config(config).time_embedding.cond_proj.weight.shape
    weights["time_embedding.cond_proj.weight"] = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    save_file(weights, file, metadata={"format": "pt"})


class TestEmbeddedGuidance:
    NEGATIVE = {"conditioning": {"negative_prompt": "red", "negative_prompt_2": "blue"}}

    def test_a_negative_prompt_takes_no_effect(self, own, distilled):
        bare = own.picture(**distilled)
        result, pointers = said(own, **distilled, **self.NEGATIVE)
        assert sorted(pointers) == ["/conditioning/negative_prompt", "/conditioning/negative_prompt_2"]
        assert difference(pixels(result["images"][0]), bare) == 0
        assert difference(own.picture(**distilled, hyperparameters={"guidance_scale": 2}), bare) > 0

    def test_the_estimate_counts_one_row(self, own, distilled):
        def activations(scale: float, **changes) -> float:
            document = merge(DEFAULTS, merge(changes, {"hyperparameters": {"guidance_scale": scale}}))
            return own.worker.optimizer.estimate(submission_of(document))["detailed_breakdown"]["activations_mb"]

        assert activations(7.5, **distilled) == activations(1, **distilled) < activations(7.5)

    def test_a_refiner_reads_the_first_of_them(self, own, distilled):
        changes = merge(distilled, {"model": {"refiner": "sdxl_refiner"}, "hyperparameters": {"refiner_start": 0.5}})
        bare = own.picture(**changes)
        result, pointers = said(own, **changes, **self.NEGATIVE)
        assert pointers == ["/conditioning/negative_prompt_2"]
        assert difference(pixels(result["images"][0]), bare) > 0

    def test_a_refiner_without_steps_reads_none(self, own, distilled):
        changes = merge(distilled, {"model": {"refiner": "sdxl_refiner"}, "hyperparameters": {"refiner_start": 0.999}})
        _, pointers = said(own, **changes, **self.NEGATIVE)
        prompts = ["/conditioning/negative_prompt", "/conditioning/negative_prompt_2"]
        assert sorted(pointers) == [*prompts, "/hyperparameters/refiner_start"]

    def test_a_distilled_refiner_reads_none(self, own, distilled, root):
        distill(root, "sdxl_refiner", "distilled_refiner")
        changes = merge(distilled, {"model": {"refiner": "distilled_refiner"}, "hyperparameters": {"refiner_start": 0.5}})
        _, pointers = said(own, **changes, **self.NEGATIVE)
        assert sorted(pointers) == ["/conditioning/negative_prompt", "/conditioning/negative_prompt_2"]

    def test_what_the_library_cannot_do_is_refused(self, own, distilled):
        """Its pipelines for ControlNets beside an initial image do not give the UNet the scale."""
        conditioning = {"control_nets": [NET | {"model": "controlnet_canny"}]}
        own.run(**distilled, conditioning=conditioning)
        changes = distilled | {"conditioning": conditioning | {"init_image": "init.png"}, "hyperparameters": {"strength": 0.7}}
        assert own.violations(**changes) == [("unsupported_feature", "/conditioning/control_nets")]
        with pytest.raises(UnsupportedFeature):
            own.run(**changes)


def test_parts_of_a_base_that_does_no_step(own, root, tiny):
    for name in ("text_encoder_alt", "text_encoder_2_alt", "tokenizer_alt"):
        shutil.copytree(tiny / name, root / name)
    parts = {"text_encoder": "text_encoder_alt", "text_encoder_2": "text_encoder_2_alt", "tokenizer": "tokenizer_alt"}
    shutil.copy(tiny / "lora_kohya.safetensors", root / "lora_kohya.safetensors")
    prompts = {"prompt_2": "a dog", "negative_prompt_2": "red"}
    _, pointers = said(
        own,
        model={"refiner": "sdxl_refiner", **parts},
        scheduler={"steps": 10},
        conditioning={"init_image": "init.png", "loras": [{"name": "lora_kohya", "weight": 1.0}], **prompts},
        hyperparameters={"strength": 0.2, "refiner_start": 0.3},
    )
    unused = [f"/model/{name}" for name in parts] + [f"/conditioning/{name}" for name in (*prompts, "loras")]
    assert sorted(pointers) == sorted([*unused, "/hyperparameters/refiner_start"])


class TestLorasThatCancel:
    def test_one_file_under_two_names(self, own, root, tiny):
        shutil.copy(tiny / "lora_kohya.safetensors", root / "twice.safetensors")
        loras = [{"name": "twice", "weight": 0.5}, {"name": str(root / "twice.safetensors"), "weight": -0.5}]
        result, pointers = said(own, conditioning={"loras": loras})
        assert pointers == ["/conditioning/loras/0/weight", "/conditioning/loras/1/weight"]
        assert not result["features_used"]["lora"]
        _, pointers = said(own, conditioning={"loras": [loras[0], loras[1] | {"weight": 0.25}]})
        assert pointers == []


class TestControlNetWindows:
    @pytest.mark.parametrize(("start", "end", "refiner"), [(0.4, 0.5, None), (0.0, 0.2, None), (0.6, 1.0, 0.5)])
    def test_one_that_holds_no_step_of_the_base(self, own, start, end, refiner):
        whole = NET | {"model": "controlnet_canny"}
        changes = {"conditioning": {"control_nets": [whole, whole | {"guidance_start": start, "guidance_end": end}]}}
        if refiner is not None:
            changes |= {"model": {"refiner": "sdxl_refiner"}, "hyperparameters": {"refiner_start": refiner}}
        result, pointers = said(own, **changes)
        assert pointers == ["/conditioning/control_nets/1/guidance_end"]
        assert result["features_used"]["controlnet"]

    def test_of_weight_0_it_is_not_said(self, own):
        net = NET | {"model": "controlnet_canny", "guidance_start": 0.4, "guidance_end": 0.5, "weight": 0}
        assert said(own, conditioning={"control_nets": [net]})[1] == []


class TestTokensOfInversions:
    @pytest.mark.parametrize(
        ("prompts", "scale", "is_read"),
        [
            ({"prompt": "a ZZQ"}, 7.5, True),
            ({"prompt": "a zz q"}, 7.5, False),
            ({"prompt_2": "a zzq"}, 7.5, True),
            ({"negative_prompt": "(a zzq:1.2)"}, 7.5, True),
            ({"negative_prompt": "a zzq"}, 1.0, False),
        ],
    )
    def test_one_that_no_prompt_holds(self, own, root, tiny, prompts, scale, is_read):
        shutil.copy(tiny / "ti_style.safetensors", root / "ti_style.safetensors")
        inversions = [{"path": "ti_style.safetensors", "token": "zzq"}]
        changes = {"conditioning": prompts | {"textual_inversions": inversions}, "hyperparameters": {"guidance_scale": scale}}
        result, pointers = said(own, **changes)
        assert pointers == ([] if is_read else ["/conditioning/textual_inversions/0/token"])
        assert result["features_used"]["textual_inversion"] == is_read

    @pytest.mark.parametrize("prompts", [{"prompt_2": "a zzq"}, {"negative_prompt": "a zzq"}])
    def test_a_refiner_alone_reads_the_first_of_each_pair(self, own, root, tiny, prompts):
        shutil.copy(tiny / "ti_style.safetensors", root / "ti_style.safetensors")
        inversions = [{"path": "ti_style.safetensors", "token": "zzq"}]
        _, pointers = said(
            own,
            model={"refiner": "sdxl_refiner"},
            scheduler={"steps": 10},
            conditioning={"init_image": "init.png", "textual_inversions": inversions, **prompts},
            hyperparameters={"strength": 0.2, "refiner_start": 0.3},
        )
        assert ("/conditioning/textual_inversions/0/token" in pointers) == ("prompt_2" in prompts)

    def test_a_tokenizer_of_the_job_reads_them(self, own, root, tiny):
        for name in ("ti_style.safetensors", "tokenizer_alt"):
            copy = shutil.copytree if (tiny / name).is_dir() else shutil.copy
            if not (root / name).exists():
                copy(tiny / name, root / name)
        inversions = [{"path": "ti_style.safetensors", "token": "zzq"}]
        for prompt, pointers in (("a zzq", []), ("a cat", ["/conditioning/textual_inversions/0/token"])):
            conditioning = {"prompt": prompt, "textual_inversions": inversions}
            assert said(own, model={"tokenizer": "tokenizer_alt"}, conditioning=conditioning)[1] == pointers


@pytest.mark.parametrize("factor", [1, 2])
def test_an_upscaling_by_1(own, factor):
    _, pointers = said(own, postprocessing={"upscaler": "Lanczos", "upscale_factor": factor})
    assert pointers == (["/postprocessing/upscale_factor"] if factor == 1 else [])
