"""One effect a field of the prompt submission: changing it changes the picture as said, leaving it changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from bench import Engine, difference, pixels
from PIL import Image

from concord_workers.core.job_context import JobContext
from concord_workers.schedulers.scheduler_factory import scheduler_names

LORA = {"name": "lora_style", "weight": 1}
NET = {"type": "canny", "image": "init.png", "weight": 1, "guidance_start": 0, "guidance_end": 1, "preprocess": False}
INIT = {"conditioning": {"init_image": "init.png"}, "hyperparameters": {"strength": 0.7}}
MASKED = {"conditioning": {"init_image": "init.png", "inpaint_mask": "mask.png"}, "hyperparameters": {"strength": 0.7}}


def pointers(context: JobContext) -> list[str | None]:
    """Where the job's values took no effect."""
    return [warning_rows.pointer for warning_rows in context.warnings if warning_rows.code == "no_effect"]


def test_pixels_are_those_of_plain_diffusers(engine, plain, tiny, tmp_path):
    import torch
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline

    pipeline = StableDiffusionXLPipeline.from_pretrained(tiny / "sdxl_base", dtype=torch.float32, local_files_only=True)
    pipeline.scheduler = EulerDiscreteScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator().manual_seed(1)
    size = {"width": 64, "height": 64}
    result = pipeline("a photo of a cat", num_inference_steps=3, guidance_scale=7.5, generator=generator, **size)
    other = np.asarray(result.images[0]).astype(int)
    # The kernels differ by processor and by the batch's size, and so does the rounding of a pixel between two values.
    assert difference(other, plain) <= 1
    assert np.count_nonzero(other != plain) <= plain.size / 1000


def test_the_same_submission_gives_the_same_pixels(engine, plain):
    assert difference(engine.picture(), plain) == 0


FIELDS = [
    pytest.param({"model": {"base": "sdxl_base_b"}}, id="model.base"),
    pytest.param({"model": {"vae": "sdxl_vae"}}, id="model.vae"),
    pytest.param({"model": {"tokenizer": "tokenizer_alt"}}, id="model.tokenizer"),
    pytest.param({"model": {"text_encoder": "text_encoder_alt"}}, id="model.text_encoder"),
    pytest.param({"model": {"text_encoder_2": "text_encoder_2_alt"}}, id="model.text_encoder_2"),
    pytest.param({"scheduler": {"type": "DPM++ 2M"}}, id="scheduler.type"),
    pytest.param({"scheduler": {"steps": 4}}, id="scheduler.steps"),
    pytest.param({"scheduler": {"karras_sigmas": True}}, id="scheduler.karras_sigmas"),
    pytest.param({"scheduler": {"timestep_spacing": "trailing"}}, id="scheduler.timestep_spacing"),
    pytest.param({"hyperparameters": {"guidance_scale": 5}}, id="hyperparameters.guidance_scale"),
    pytest.param({"hyperparameters": {"seed": 2}}, id="hyperparameters.seed"),
    pytest.param({"conditioning": {"prompt": "a photo of a dog"}}, id="conditioning.prompt"),
    pytest.param({"conditioning": {"prompt_2": "a dog"}}, id="conditioning.prompt_2"),
    pytest.param({"conditioning": {"negative_prompt": "red"}}, id="conditioning.negative_prompt"),
    pytest.param({"conditioning": {"negative_prompt_2": "red"}}, id="conditioning.negative_prompt_2"),
    pytest.param({"conditioning": {"clip_skip": 1}}, id="conditioning.clip_skip"),
    pytest.param({"conditioning": {"loras": [LORA]}}, id="conditioning.loras"),
    pytest.param({"conditioning": {"control_nets": [NET]}}, id="conditioning.control_nets"),
    pytest.param(INIT, id="conditioning.init_image"),
    pytest.param(MASKED, id="conditioning.inpaint_mask"),
    pytest.param({"performance": {"dtype": "bf16"}}, id="performance.dtype"),
    pytest.param({"postprocessing": {"auto_contrast": True}}, id="postprocessing.auto_contrast"),
]


@pytest.mark.parametrize("changes", FIELDS)
def test_a_field_changes_the_picture(engine, plain, changes):
    assert difference(engine.picture(**changes), plain) > 2
    assert difference(engine.picture(), plain) == 0  # and leaves nothing behind


@pytest.mark.long
@pytest.mark.parametrize("changes", FIELDS)
def test_a_changed_picture_repeats(engine, changes):
    assert difference(engine.picture(**changes), engine.picture(**changes)) == 0


def test_width_and_height_are_the_picture_s(engine):
    assert engine.picture(hyperparameters={"dimensions": {"width": 96, "height": 64}}).shape == (64, 96, 3)
    assert engine.picture(hyperparameters={"dimensions": {"width": 64, "height": 72}}).shape == (72, 64, 3)


def test_guidance_of_one_turns_the_negative_prompt_off(engine):
    off = {"hyperparameters": {"guidance_scale": 1}}
    without = engine.picture(**off)
    assert difference(engine.picture(**off, conditioning={"negative_prompt": "red"}), without) == 0
    assert difference(engine.picture(hyperparameters={"guidance_scale": 0.5}), without) == 0


def test_each_picture_of_a_batch_has_its_own_seed(engine):
    result = engine.run(hyperparameters={"batch_size": 3, "seed": 7})
    assert [detail["seed"] for detail in result["image_details"]] == [7, 8, 9]
    assert result["seed_used"] == 7
    assert result["features_used"]["batch"]
    for index, path in enumerate(result["images"]):
        assert difference(pixels(path), engine.picture(hyperparameters={"seed": 7 + index})) <= 1


# In the test command a sampler of each kind stands for the others.
LONG_SAMPLERS = [
    pytest.param(name, marks=pytest.mark.long) for name in scheduler_names() if name not in ("Euler a", "DPM++ SDE", "PNDM")
]


@pytest.mark.parametrize(
    "name", ["Euler a", "DPM++ SDE", "DPM++ 2M SDE", "LCM", pytest.param("KDPM2 a", marks=pytest.mark.long)]
)
def test_noise_of_a_sampler_is_each_picture_s_own(engine, name):
    batch = engine.run(hyperparameters={"batch_size": 2, "seed": 7}, scheduler={"type": name})
    for index, path in enumerate(batch["images"]):
        single = engine.picture(hyperparameters={"seed": 7 + index}, scheduler={"type": name})
        assert difference(pixels(path), single) <= 1


def test_a_seed_left_open_is_chosen_and_told(engine):
    result = engine.run(hyperparameters={"seed": -1})
    seed = result["seed_used"]
    assert 0 <= seed <= 2**31 - 17
    assert difference(engine.picture(hyperparameters={"seed": seed}), pixels(result["images"][0])) == 0


def test_large_seeds_are_used_whole(engine):
    large = 2**53 - 1
    assert (
        difference(engine.picture(hyperparameters={"seed": large}), engine.picture(hyperparameters={"seed": large - 2**32})) > 2
    )


@pytest.fixture(scope="module")
def by_sampler(engine):
    """The result of a job by its sampler, run once each."""
    known: dict[str, dict] = {}

    def of(name: str) -> dict:
        if name not in known:
            known[name] = engine.run(scheduler={"type": name, "steps": 5, "timestep_spacing": None})
        return known[name]

    return of


@pytest.mark.parametrize("name", scheduler_names())
def test_every_sampler_runs_its_steps(by_sampler, name):
    assert by_sampler(name)["steps_used"] == 5
    assert by_sampler(name)["scheduler_used"] == name


def test_samplers_all_differ(by_sampler):
    pictures = {name: pixels(by_sampler(name)["images"][0]) for name in scheduler_names()}
    names = list(pictures)
    same = {frozenset((a, b)) for i, a in enumerate(names) for b in names[i + 1 :] if difference(pictures[a], pictures[b]) == 0}
    # Ancestral sampling by two formulas: they differ by rounding alone, and on some processors not even by that.
    assert same <= {frozenset(("Euler a", "DDPM"))}


@pytest.mark.parametrize("name", ["Euler a", "DPM++ SDE", "PNDM", *LONG_SAMPLERS])
def test_a_sampler_repeats(engine, by_sampler, name):
    again = engine.picture(scheduler={"type": name, "steps": 5, "timestep_spacing": None})
    assert difference(again, pixels(by_sampler(name)["images"][0])) == 0


def test_karras_by_flag_is_karras_by_name(engine):
    flag = engine.run(scheduler={"type": "DPM++ 2M", "karras_sigmas": True})
    name = engine.run(scheduler={"type": "DPM++ 2M Karras"})
    assert flag["scheduler_used"] == name["scheduler_used"] == "DPM++ 2M Karras"
    assert difference(pixels(flag["images"][0]), pixels(name["images"][0])) == 0


class TestRefiner:
    STEPS = {"steps": 10}

    def test_it_takes_the_last_share_of_the_steps(self, engine):
        plain = engine.picture(scheduler=self.STEPS)
        result = engine.run(model={"refiner": "sdxl_refiner"}, scheduler=self.STEPS, hyperparameters={"refiner_start": 0.8})
        assert result["features_used"]["refiner"]
        assert result["steps_used"] == 10
        assert difference(pixels(result["images"][0]), plain) > 2

    def test_refiner_start_moves_the_hand_over(self, engine):
        early, late = (
            engine.picture(model={"refiner": "sdxl_refiner"}, scheduler=self.STEPS, hyperparameters={"refiner_start": start})
            for start in (0.5, 0.8)
        )
        assert difference(early, late) > 2

    @pytest.mark.parametrize("name", ["Heun", "DPM++ 2M", "DPM++ SDE", "Euler a", "PNDM"])
    def test_every_kind_of_sampler_can_be_split(self, engine, name):
        result = engine.run(
            model={"refiner": "sdxl_refiner"}, scheduler={"type": name, "steps": 6}, hyperparameters={"refiner_start": 0.6}
        )
        assert result["steps_used"] == 6

    def test_a_share_without_a_step_is_said(self, engine):
        result = engine.run(model={"refiner": "sdxl_refiner"}, scheduler={"steps": 1}, hyperparameters={"refiner_start": 0.5})
        assert any("refiner_start" in warning for warning in result["warnings"])

    def test_the_single_file_is_the_folder(self, engine):
        changes = {"scheduler": self.STEPS, "hyperparameters": {"refiner_start": 0.8}}
        folder = engine.picture(model={"refiner": "sdxl_refiner"}, **changes)
        file = engine.picture(model={"refiner": "sdxl_refiner_file"}, **changes)
        assert difference(folder, file) <= 3  # the file holds fp16


class TestVae:
    def test_the_separate_file_is_the_folder(self, engine):
        folder = engine.run(model={"vae": "sdxl_vae"})
        assert folder["features_used"]["custom_vae"]
        assert difference(pixels(folder["images"][0]), engine.picture(model={"vae": "sdxl_vae_file.safetensors"})) <= 3

    def test_the_single_file_base_is_the_folder(self, engine, plain):
        assert difference(engine.picture(model={"base": "sdxl_base_file"}), plain) <= 3


class TestLoras:
    def test_weight_zero_equals_none(self, engine, plain):
        result = engine.run(conditioning={"loras": [LORA | {"weight": 0}]})
        assert difference(pixels(result["images"][0]), plain) == 0
        assert not result["features_used"]["lora"]

    def test_weights_scale_and_are_taken_back(self, engine, plain):
        full, half, negative = (engine.picture(conditioning={"loras": [LORA | {"weight": weight}]}) for weight in (1, 0.5, -1))
        assert min(difference(full, half), difference(full, negative), difference(half, plain)) > 2
        assert difference(engine.picture(), plain) == 0

    def test_several_act_together(self, engine):
        style, kohya = LORA, {"name": "lora_kohya", "weight": 0.5}
        both = engine.picture(conditioning={"loras": [style, kohya]})
        effects = [difference(both, engine.picture(conditioning={"loras": [alone]})) for alone in (style, kohya)]
        assert min(effects) > 2
        # Weights are added in another order: what is left is rounding, which the tiny model's steps enlarge (to 4 of 255 on a
        # processor without AVX-512).
        order = difference(both, engine.picture(conditioning={"loras": [kohya, style]}))
        assert order <= 5 and order < min(effects) / 4, (order, effects)

    def test_the_same_one_twice_adds_its_weights(self, engine):
        twice = engine.picture(conditioning={"loras": [LORA | {"weight": 0.25}, LORA | {"weight": 0.25}]})
        assert difference(twice, engine.picture(conditioning={"loras": [LORA | {"weight": 0.5}]})) == 0

    def test_weights_that_cancel_take_no_part(self, engine):
        kohya = {"name": "lora_kohya", "weight": 0.5}
        cancelled = [LORA | {"weight": 0.5}, LORA | {"weight": -0.5}]
        context = JobContext()
        assert not engine.run(context, conditioning={"loras": cancelled})["features_used"]["lora"]
        assert pointers(context) == ["/conditioning/loras/0/weight", "/conditioning/loras/1/weight"]
        context = JobContext()
        assert engine.run(context, conditioning={"loras": [kohya, *cancelled]})["features_used"]["lora"]
        assert pointers(context) == ["/conditioning/loras/1/weight", "/conditioning/loras/2/weight"]

    def test_it_works_with_a_replaced_text_encoder(self, engine):
        alone = engine.picture(model={"text_encoder": "text_encoder_alt"})
        with_lora = engine.picture(model={"text_encoder": "text_encoder_alt"}, conditioning={"loras": [LORA]})
        assert difference(alone, with_lora) > 2
        assert difference(engine.picture(model={"text_encoder": "text_encoder_alt"}), alone) == 0


class TestControlNets:
    def one(self, engine, **changes):
        return engine.picture(conditioning={"control_nets": [NET | changes]})

    def test_weight_zero_equals_none(self, engine, plain):
        result = engine.run(conditioning={"control_nets": [NET | {"weight": 0}]})
        assert difference(pixels(result["images"][0]), plain) == 0
        assert not result["features_used"]["controlnet"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"type": "depth"},
            {"image": "shapes.png"},
            {"weight": 0.5},
            {"guidance_start": 0.5},
            {"guidance_end": 0.5},
            {"preprocess": True},
            {"model": "controlnet_tile"},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_every_member_acts(self, engine, changes):
        assert difference(self.one(engine), self.one(engine, **changes)) > 2

    def test_several_act_together(self, engine):
        depth = NET | {"type": "depth", "weight": 0.5}
        both = engine.picture(conditioning={"control_nets": [NET, depth]})
        assert difference(both, self.one(engine)) > 2

    def test_preprocessing_is_canny(self, engine, inputs):
        from concord_workers.conditioning.canny import canny

        with Image.open(inputs / "shapes.png") as picture:
            canny(picture).save(inputs / "edges.png")
        assert difference(self.one(engine, image="shapes.png", preprocess=True), self.one(engine, image="edges.png")) == 0

    @pytest.mark.parametrize("changes", [INIT, MASKED], ids=["img2img", "inpaint"])
    def test_it_works_with_pictures(self, engine, changes):
        plain = engine.picture(**changes)
        with_net = engine.run(**changes | {"conditioning": changes["conditioning"] | {"control_nets": [NET]}})
        assert with_net["features_used"]["controlnet"]
        assert difference(pixels(with_net["images"][0]), plain) > 2

    def test_a_window_without_a_step_is_said(self, engine, plain):
        result = engine.run(conditioning={"control_nets": [NET | {"guidance_start": 0.9}]})
        assert not result["features_used"]["controlnet"]
        assert difference(pixels(result["images"][0]), plain) == 0
        assert "guidance window" in result["warnings"][0]


class TestPictures:
    def test_strength_decides_how_much_stays(self, engine):
        result = engine.run(scheduler={"steps": 10}, **INIT)
        assert result["steps_used"] == 7
        assert result["features_used"]["img2img"] and not result["features_used"]["inpaint"]
        weaker = engine.picture(scheduler={"steps": 10}, **INIT | {"hyperparameters": {"strength": 0.2}})
        assert difference(pixels(result["images"][0]), weaker) > 2

    def test_black_of_the_mask_stays_pixel_for_pixel(self, engine, inputs):
        result = engine.run(**MASKED)
        painted, original = pixels(result["images"][0]), pixels(str(inputs / "init.png"))
        mask = pixels(str(inputs / "mask.png"))[..., 0] > 0
        assert np.array_equal(painted[~mask], original[~mask])
        assert np.abs(painted[mask] - original[mask]).max() > 2
        assert result["features_used"]["inpaint"] and not result["features_used"]["img2img"]

    def test_mask_blur_softens_the_edge(self, engine, inputs):
        sharp = engine.picture(**MASKED)
        soft = engine.picture(**MASKED | {"conditioning": MASKED["conditioning"] | {"mask_blur": 3}})
        original = pixels(str(inputs / "init.png"))
        outside = (slice(14, 16), slice(20, 44))
        assert np.array_equal(sharp[outside], original[outside])
        assert difference(soft[outside], original[outside]) > 2

    def test_pictures_and_refiner_go_together(self, engine):
        for changes in (INIT, MASKED):
            both = changes | {"hyperparameters": {"strength": 0.7, "refiner_start": 0.6}, "scheduler": {"steps": 10}}
            result = engine.run(model={"refiner": "sdxl_refiner"}, **both)
            assert result["features_used"]["refiner"]
            assert result["steps_used"] == 7

    def test_a_weak_strength_leaves_all_steps_to_the_refiner(self, engine):
        changes = INIT | {"hyperparameters": {"strength": 0.3, "refiner_start": 0.5}, "scheduler": {"steps": 10}}
        result = engine.run(model={"refiner": "sdxl_refiner"}, **changes)
        assert result["steps_used"] == 3
        assert any("the base no step" in warning for warning in result["warnings"])


class TestBaseWithoutSteps:
    """A weak strength leaves all steps to the refiner: what acts on the base alone takes no part, and that is said."""

    def run(self, engine, **conditioning):
        context = JobContext()
        result = engine.run(
            context,
            model={"refiner": "sdxl_refiner"},
            scheduler={"steps": 10},
            conditioning=INIT["conditioning"] | conditioning,
            hyperparameters={"strength": 0.2, "refiner_start": 0.3},
        )
        return result, [pointer for pointer in pointers(context) if pointer != "/hyperparameters/refiner_start"]

    @pytest.mark.parametrize(
        ("conditioning", "said"),
        [
            ({"loras": [LORA]}, "/conditioning/loras"),
            ({"prompt_2": "a dog"}, "/conditioning/prompt_2"),
            ({"negative_prompt_2": "red"}, "/conditioning/negative_prompt_2"),
        ],
        ids=["loras", "prompt_2", "negative_prompt_2"],
    )
    def test_what_takes_no_part_is_said(self, engine, conditioning, said):
        bare, nothing = self.run(engine)
        result, warning_rows = self.run(engine, **conditioning)
        assert (nothing, warning_rows) == ([], [said])
        assert not result["features_used"]["lora"]
        assert difference(pixels(result["images"][0]), pixels(bare["images"][0])) == 0

    def test_a_token_in_the_second_prompt_alone_takes_no_part(self, engine):
        entry = TestInversions.ENTRY
        result, warning_rows = self.run(engine, prompt_2="a sks-style", textual_inversions=[entry])
        assert not result["features_used"]["textual_inversion"]
        assert warning_rows == ["/conditioning/prompt_2", "/conditioning/textual_inversions/0/token"]


class TestInversions:
    ENTRY = {"path": "ti_style.safetensors", "token": "sks-style"}

    def test_the_token_takes_its_vectors(self, engine, plain):
        words = {"prompt": "a photo of sks-style"}
        without = engine.picture(conditioning=words)
        result = engine.run(conditioning=words | {"textual_inversions": [self.ENTRY]})
        assert result["features_used"]["textual_inversion"]
        assert difference(pixels(result["images"][0]), without) > 2
        assert difference(engine.picture(conditioning=words), without) == 0

    def test_a_token_that_no_prompt_holds_takes_no_part(self, engine, plain):
        result = engine.run(conditioning={"textual_inversions": [self.ENTRY]})
        assert not result["features_used"]["textual_inversion"]
        assert difference(pixels(result["images"][0]), plain) == 0
        assert "sks-style" in result["warnings"][0]

    def test_it_reaches_the_refiner(self, engine):
        words = {"prompt": "a photo of sks-style", "textual_inversions": [self.ENTRY]}
        result = engine.run(
            model={"refiner": "sdxl_refiner"},
            scheduler={"steps": 6},
            hyperparameters={"refiner_start": 0.5},
            conditioning=words,
        )
        assert result["features_used"]["refiner"] and result["features_used"]["textual_inversion"]


class TestPostprocessing:
    def test_a_flagged_picture_is_black_and_said(self, engine, tiny, inputs, tmp_path):
        strict = Engine(tiny, inputs, tmp_path, safety_checker="safety_checker_flag_all")
        result = strict.run(postprocessing={"safety_checker": True}, hyperparameters={"batch_size": 2})
        assert all(pixels(path).max() == 0 for path in result["images"])
        assert [detail["flagged"] for detail in result["image_details"]] == [True, True]
        assert len([warning for warning in result["warnings"] if "flagged" in warning]) == 2

    def test_an_innocent_picture_stays(self, engine, plain):
        result = engine.run(postprocessing={"safety_checker": True})
        assert result["features_used"]["safety_checker"]
        assert not result["image_details"][0]["flagged"]
        assert difference(pixels(result["images"][0]), plain) == 0

    @pytest.mark.parametrize("name", ["Lanczos", "Bicubic", "Real-ESRGAN", "ESRGAN"])
    @pytest.mark.parametrize("factor", [1.5, 2, 5])
    def test_upscalers_reach_the_size(self, engine, name, factor):
        result = engine.run(postprocessing={"upscaler": name, "upscale_factor": factor})
        assert result["features_used"]["upscaler"]
        assert (result["image_details"][0]["width"], result["image_details"][0]["height"]) == (round(64 * factor),) * 2
        assert pixels(result["images"][0]).shape[:2] == (round(64 * factor),) * 2

    def test_upscalers_differ(self, engine):
        pictures = [
            engine.picture(postprocessing={"upscaler": n, "upscale_factor": 2})
            for n in ("Lanczos", "Bicubic", "Real-ESRGAN", "ESRGAN")
        ]
        assert all(difference(a, b) > 2 for i, a in enumerate(pictures) for b in pictures[i + 1 :])

    def test_tiles_hardly_show(self, tiny, inputs, tmp_path):
        changes = {"postprocessing": {"upscaler": "Real-ESRGAN", "upscale_factor": 4}}
        whole = Engine(tiny, inputs, tmp_path, upscale_tile=64).picture(**changes)
        tiled = Engine(tiny, inputs, tmp_path, upscale_tile=24).picture(**changes)
        assert difference(whole, tiled) <= 2

    def test_auto_contrast_fills_the_range(self, engine):
        stretched = engine.picture(
            postprocessing={"auto_contrast": True}, conditioning={"init_image": "init.png"}, hyperparameters={"strength": 0.4}
        )
        assert stretched.min() == 0 and stretched.max() == 255


@pytest.mark.parametrize("name", ["attention_slicing", "vae_slicing", "vae_tiling", "channels_last"])
def test_optimisations_change_speed_and_memory_but_hardly_pixels(engine, name):
    size = {"dimensions": {"width": 64, "height": 64}, "batch_size": 2}
    plain = engine.run(hyperparameters=size)
    result = engine.run(hyperparameters=size, performance={"optimizations": [name]})
    for one, other in zip(plain["images"], result["images"], strict=True):
        assert difference(pixels(one), pixels(other)) <= 1
    assert difference(pixels(engine.run(hyperparameters=size)["images"][0]), pixels(plain["images"][0])) == 0


def test_tiling_takes_effect_on_large_pictures(engine):
    size = {"dimensions": {"width": 128, "height": 128}}
    plain = engine.picture(hyperparameters=size)
    assert difference(engine.picture(hyperparameters=size, performance={"optimizations": ["vae_tiling"]}), plain) > 0


def test_half_precision_is_close(engine, plain):
    half = engine.run(performance={"dtype": "fp16"})
    assert 0 < difference(pixels(half["images"][0]), plain) <= 8
    assert engine.loader.get_model_info("sdxl_base")["models"][0]["dtype"] == "fp16"


def test_the_reply_has_what_the_contract_names(engine):
    result = engine.run()
    assert set(result) == {
        "images",
        "image_details",
        "generation_time_seconds",
        "preprocessing_time_seconds",
        "postprocessing_time_seconds",
        "load_time_seconds",
        "memory_used_mb",
        "seed_used",
        "features_used",
        "scheduler_used",
        "steps_used",
        "model_id",
        "device",
        "gpu_id",
        "warnings",
    }
    assert (result["model_id"], result["device"], result["gpu_id"]) == ("sdxl_base", "cpu", "cpu_0")
    parts = result["preprocessing_time_seconds"] + result["postprocessing_time_seconds"]
    assert 0 < parts < result["generation_time_seconds"]
    assert result["memory_used_mb"] > 0
    assert not any(result["features_used"].values())
