"""One effect a field of the prompt submission: changing it changes the picture as said, leaving it changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from bench import INIT, LORA, MASKED, NET, Engine, difference, pixels


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
