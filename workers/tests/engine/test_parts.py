"""The models beside the base in a whole job: refiner, VAE, LoRAs, ControlNets, textual inversions."""

from __future__ import annotations

import pytest
from bench import INIT, LORA, MASKED, NET, difference, pixels
from PIL import Image

from concord_workers.core.job_context import JobContext


def pointers(context: JobContext) -> list[str | None]:
    """Where the job's values took no effect."""
    return [warning_rows.pointer for warning_rows in context.warnings if warning_rows.code == "no_effect"]


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
