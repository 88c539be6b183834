"""Each kind of training learns, writes what inference loads, and leaves the base as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from safetensors.torch import load_file
from training_lab import KINDS, fill, job

from concord_workers.core.errors import Conflict, UnsupportedValue
from concord_workers.training.base import Base, view_of
from concord_workers.training.draws import batches
from concord_workers.training.lora import LoraTechnique
from concord_workers.training.prompts import CachedCaptions, CaptionTokens, encode
from concord_workers.training.textual_inversion import InversionTechnique


def pipeline_of(path: Path) -> StableDiffusionXLPipeline:
    pipeline = StableDiffusionXLPipeline.from_pretrained(path, dtype=torch.float32, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def base_of(path: Path) -> Base:
    parts = pipeline_of(path)
    names = ("unet", "vae", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "scheduler")
    own = {name: getattr(parts, name) for name in names}
    return Base(**own, zero_negative=True, device=torch.device("cpu"), dtype=torch.float32)


def draw(pipeline: StableDiffusionXLPipeline, prompt: str = "a photo of <obj> cat") -> np.ndarray:
    generator = torch.Generator("cpu").manual_seed(1)
    image = pipeline(prompt, width=64, height=64, num_inference_steps=2, generator=generator).images[0]
    return np.asarray(image).astype(int)


def reloaded(kind: str, output: Path, base: Path) -> StableDiffusionXLPipeline:
    """The base with the trained output, loaded as inference does."""
    if kind == "dreambooth_full":
        return pipeline_of(output)
    pipeline = pipeline_of(base)
    if kind == "inversion":
        rows = load_file(output)
        pipeline.load_textual_inversion(
            rows["clip_l"], token="<obj>", text_encoder=pipeline.text_encoder, tokenizer=pipeline.tokenizer
        )
        pipeline.load_textual_inversion(
            rows["clip_g"], token="<obj>", text_encoder=pipeline.text_encoder_2, tokenizer=pipeline.tokenizer_2
        )
    else:
        pipeline.load_lora_weights(output.parent, weight_name=output.name, adapter_name="trained", local_files_only=True)
    return pipeline


@pytest.fixture(scope="module")
def untrained(models) -> np.ndarray:
    """The picture of the base before any training."""
    return draw(pipeline_of(models / "sdxl_base"))


@pytest.mark.parametrize("kind", KINDS)
def test_learns_and_reloads(lab, models, untrained, kind):
    training_id = lab.start(**job(kind, hyperparameters={"max_steps": 16, "batch_size": 4}, output_name="mine"))
    status = lab.wait(training_id)
    assert status["state"] == "completed", status
    assert (status["step"], status["progress"]) == (16, 1.0)
    losses = lab.losses(training_id)
    assert len(losses) == 16
    assert sum(losses[-6:]) < sum(losses[:6])
    assert status["loss"] == losses[-1]
    output = Path(status["output_path"])
    assert output == lab.output / "training" / training_id / ("mine" if kind == "dreambooth_full" else "mine.safetensors")
    assert abs(draw(reloaded(kind, output, models / "sdxl_base")) - untrained).max() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_base_stays_as_it_was(lab, kind):
    lab.loader.load("sdxl_base", "sdxl")
    pipeline = lab.loader.on_device.by_id("sdxl_base").value
    modules = (pipeline.unet, pipeline.vae, pipeline.text_encoder, pipeline.text_encoder_2)
    before = [{name: tensor.clone() for name, tensor in module.state_dict().items()} for module in modules]
    words = len(pipeline.tokenizer), len(pipeline.tokenizer_2)
    flags = [(weight.requires_grad, weight.dtype) for module in modules for weight in module.parameters()]
    fields = {"validation_prompt": "a <obj>", "validation_every": 2}
    assert lab.wait(lab.start(**job(kind, hyperparameters={"max_steps": 2}, **fields)))["state"] == "completed"
    for module, state in zip(modules, before, strict=True):
        after = module.state_dict()
        assert after.keys() == state.keys()
        assert all(torch.equal(after[name], tensor) for name, tensor in state.items())
        assert not module.training
    assert lab.loader.on_device.by_id("sdxl_base").value is pipeline
    assert (len(pipeline.tokenizer), len(pipeline.tokenizer_2)) == words
    assert [(weight.requires_grad, weight.dtype) for module in modules for weight in module.parameters()] == flags


def test_same_seed_same_losses_and_weights(lab):
    runs = [lab.start(**job("lora", hyperparameters={"max_steps": 4})) for _ in range(2)]
    other = lab.start(**job("lora", hyperparameters={"max_steps": 4, "seed": 8}))
    first, second = (load_file(lab.wait(run)["output_path"]) for run in runs)
    assert lab.losses(runs[0]) == lab.losses(runs[1])
    assert first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
    lab.wait(other)
    assert lab.losses(other) != lab.losses(runs[0])


def test_fresh_noise_each_step_without_the_setting(tmp_path, make_lab):
    lab = make_lab(tmp_path, fixed_noise=False)
    fill(lab.inputs / "cats", 1)
    training_id = lab.start(**job("lora", hyperparameters={"max_steps": 4, "learning_rate": 1e-7}))
    lab.wait(training_id)
    losses = lab.losses(training_id)
    assert max(losses) - min(losses) > 0.01


def test_accumulated_batches_equal_one_batch(lab):
    whole = lab.start(**job("lora", hyperparameters={"max_steps": 3, "batch_size": 4}))
    parts = lab.start(**job("lora", hyperparameters={"max_steps": 3, "batch_size": 2, "gradient_accumulation": 2}))
    lab.wait(whole), lab.wait(parts)
    assert lab.losses(parts) == pytest.approx(lab.losses(whole), rel=1e-4)


@pytest.mark.parametrize(
    ("name", "rates"),
    [
        ("constant", [1, 1, 1, 1]),
        ("linear", [1, 0.75, 0.5, 0.25]),
        ("cosine", [1, 0.853553, 0.5, 0.146447]),
        ("cosine_with_restarts", [1, 0.853553, 0.5, 0.146447]),
        ("polynomial", [1, 0.75, 0.5, 0.25]),
    ],
)
def test_learning_rate_schedules(lab, name, rates):
    training_id = lab.start(**job("inversion", hyperparameters={"max_steps": 4, "lr_scheduler": name, "learning_rate": 1e-7}))
    assert lab.wait(training_id)["state"] == "completed"
    found = [row["learning_rate"] / 1e-7 for row in lab.manager.history(training_id)]
    assert found == pytest.approx(rates, rel=1e-5)


def test_epochs(lab):
    training_id = lab.start(**job("lora", hyperparameters={"max_steps": None, "epochs": 2, "batch_size": 3}))
    status = lab.wait(training_id)
    assert (status["total_steps"], status["total_epochs"], status["epoch"]) == (4, 2, 2)
    assert [row["epoch"] for row in lab.manager.history(training_id)] == [1, 1, 2, 2]


def test_an_epoch_shows_every_picture_once():
    shown = [
        picture
        for step in range(3)
        for batch in batches(7, step, pictures=10, batch_size=2, accumulation=2)
        for picture in batch
    ]
    assert sorted(shown) == list(range(10))
    assert [len(batch) for batch in batches(7, 2, 10, 2, 2)] == [2]
    again = [picture for step in range(3, 6) for batch in batches(7, step, 10, 2, 2) for picture in batch]
    assert sorted(again) == list(range(10)) and again != shown


@pytest.mark.parametrize(
    ("dtype", "kinds"),
    [("bf16", ["lora"]), ("fp16", ["lora"]), pytest.param("fp16", ["dreambooth_full", "inversion"], marks=pytest.mark.long)],
)
def test_half_precision(tmp_path, make_lab, dtype, kinds):
    """float16 goes with a scaled loss, whose scale is part of the checkpoint."""
    lab = make_lab(tmp_path, dtype=dtype)
    fill(lab.inputs / "cats")
    for kind in kinds:
        drawn = {"validation_prompt": "a <obj>", "validation_every": 2}
        gate = lab.hold_at(1)
        training_id = lab.start(**job(kind, hyperparameters={"max_steps": 2}, **drawn))
        assert lab.stop_at(gate, training_id, save_checkpoint=True)["state"] == "paused"
        lab.watchers.clear()
        lab.start(resume_from=training_id)
        status = lab.wait(training_id)
        assert status["state"] == "completed", status
        whole = lab.start(**job(kind, hyperparameters={"max_steps": 2}))
        lab.wait(whole)
        assert lab.losses(training_id) == lab.losses(whole)


def test_validation_pictures_stand_in_the_history(lab):
    training_id = lab.start(**job("lora", validation_prompt="a cat", validation_every=2, hyperparameters={"max_steps": 4}))
    lab.wait(training_id)
    rows = lab.manager.history(training_id)
    assert [len(row.get("validation_images", [])) for row in rows] == [0, 1, 0, 1]
    first, second = (Path(row["validation_images"][0]).read_bytes() for row in rows if "validation_images" in row)
    assert first != second


def test_validation_does_not_change_the_training(lab):
    plain = lab.start(**job("lora", hyperparameters={"max_steps": 4}))
    drawn = lab.start(**job("lora", hyperparameters={"max_steps": 4}, validation_prompt="a cat", validation_every=1))
    lab.wait(plain), lab.wait(drawn)
    assert lab.losses(plain) == lab.losses(drawn)


def test_lora_file_applies_alpha_over_rank(tmp_path, models):
    base = base_of(models / "sdxl_base")
    technique = LoraTechnique(base, CachedCaptions(base, ["a cat"], lambda: None), rank=4, alpha=1.0, seed=7)
    with torch.no_grad():
        for weight in technique.trained().values():
            weight.normal_(generator=torch.Generator().manual_seed(3))
    technique.save(tmp_path / "own.safetensors")
    loaded = pipeline_of(models / "sdxl_base")
    loaded.load_lora_weights(tmp_path, weight_name="own.safetensors", adapter_name="own", local_files_only=True)
    trained = draw(technique.pipeline())
    assert abs(draw(loaded) - trained).max() <= 1
    assert abs(draw(pipeline_of(models / "sdxl_base")) - trained).max() > 1


def test_inversion_moves_only_its_own_row(lab, models):
    training_id = lab.start(**job("inversion", hyperparameters={"max_steps": 3}))
    rows = load_file(lab.wait(training_id)["output_path"])
    assert sorted(rows) == ["clip_g", "clip_l"]
    base = base_of(models / "sdxl_base")
    for name, encoder, tokenizer in (
        ("clip_l", base.text_encoder, base.tokenizer),
        ("clip_g", base.text_encoder_2, base.tokenizer_2),
    ):
        table = encoder.get_input_embeddings().weight
        initial = table[tokenizer.encode("cat", add_special_tokens=False)[0]]
        assert rows[name].shape == (1, table.shape[1])
        assert not torch.equal(rows[name][0], initial)


def test_inversion_pools_at_the_end_token(models):
    """Real SDXL configs have eos_token_id 2, with which the pooled state is taken at the highest id: the new token's."""
    base = base_of(models / "sdxl_base")
    technique = InversionTechnique(base, ["a <obj> cat"], "<obj>", "dog")
    _, expected = technique.conditioning([0])
    base.text_encoder_2.text_model.eos_token_id = 2
    technique = InversionTechnique(base, ["a <obj> cat"], "<obj>", "dog")
    _, pooled = technique.conditioning([0])
    assert torch.equal(pooled, expected)
    assert base.text_encoder_2.text_model.eos_token_id == 2


def test_long_captions_are_not_cut(models):
    base = base_of(models / "sdxl_base")
    long = " ".join(["cat"] * 100)
    cached = CachedCaptions(base, ["a dog", long, long + " dog"], lambda: None)
    states, pooled = cached.of([0, 1, 2])
    assert states.shape[:2] == (3, 2 * 77) and pooled.shape[0] == 3
    assert torch.equal(states[1, :77], states[2, :77])
    assert not torch.equal(states[1, 77:], states[2, 77:])


def test_short_captions_are_encoded_as_the_pipeline_does(models):
    base = base_of(models / "sdxl_base")
    tokens = [CaptionTokens(tokenizer, ["a photo of cat"]).ids for tokenizer in (base.tokenizer, base.tokenizer_2)]
    states, pooled = encode((base.text_encoder, base.text_encoder_2), tokens, base.device)
    expected, _, expected_pooled, _ = base.pipeline().encode_prompt("a photo of cat", do_classifier_free_guidance=False)
    assert torch.allclose(states, expected, atol=1e-6) and torch.allclose(pooled, expected_pooled, atol=1e-6)


def test_a_view_shares_tensors_and_nothing_else(models):
    unet = base_of(models / "sdxl_base").unet
    view = view_of(unet)
    assert view.conv_in.weight.data_ptr() == unet.conv_in.weight.data_ptr()
    assert unet.conv_in.weight.requires_grad and not view.conv_in.weight.requires_grad
    view.conv_in = torch.nn.Identity()
    assert isinstance(unet.conv_in, torch.nn.Conv2d)


def test_tokens_that_cannot_be_trained(lab):
    fill(lab.inputs / "words", 1, "a cat")
    with pytest.raises(Conflict, match="is a token of this model already") as raised:
        lab.start(**job("inversion", placeholder_token="cat</w>", data="words"))
    assert raised.value.field == "/placeholder_token"
    with pytest.raises(UnsupportedValue, match='placeholder_token "a <obj>" is no single word'):
        lab.start(**job("inversion", placeholder_token="a <obj>"))
    with pytest.raises(UnsupportedValue, match='initializer_token "elephant" is 7 tokens') as raised:
        lab.start(**job("inversion", initializer_token="elephant"))
    assert raised.value.field == "/initializer_token"


def test_other_models_leave_the_device(lab):
    lab.loader.load("sdxl_base_b", "sdxl")
    lab.wait(lab.start(**job("lora", hyperparameters={"max_steps": 1})))
    assert [model.model_id for model in lab.loader.on_device.all()] == ["sdxl_base"]
    assert not lab.loader.on_device.by_id("sdxl_base").pinned
    assert lab.loader.current_model_id == "sdxl_base"


def test_a_loss_that_runs_away_is_a_failure(lab):
    training_id = lab.start(**job("dreambooth_full", hyperparameters={"max_steps": 40, "learning_rate": 1.0}))
    status = lab.wait(training_id)
    assert status["state"] == "failed" and "the loss" in status["error"]
    assert all(loss == loss and loss < 1e13 for loss in lab.losses(training_id))
