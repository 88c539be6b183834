"""Tokenizers and text encoders that do not go together: on a GPU a number beyond an encoder's table ends the process."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from bench import DEFAULTS, Engine, difference, merge
from safetensors.torch import load_file, save_file
from transformers import CLIPTokenizer

from concord_workers.contract import read_partial
from concord_workers.core.errors import ContractError
from concord_workers.models.vocabulary import require_vocabulary


@pytest.fixture
def root(tiny, tmp_path):
    folder = tmp_path / "models"
    for name in ("sdxl_base", "sdxl_refiner", "text_encoder_alt", "text_encoder_2_alt", "tokenizer_alt"):
        shutil.copytree(tiny / name, folder / name)
    return folder


@pytest.fixture
def own(root, inputs, tmp_path):
    return Engine(root, inputs, tmp_path / "outputs")


def edit(file, **changes):
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def with_more_words(folder):
    tokenizer = CLIPTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["photo", *(f"zz{number}" for number in range(9))])
    tokenizer.save_pretrained(folder)


def with_fewer_rows(folder, part, rows, **config):
    """The encoder of a folder with the first rows of one of its tables."""
    file = next(folder.glob("*.safetensors"))
    weights = load_file(file)
    save_file({k: t[:rows].clone() if part in k else t for k, t in weights.items()}, file, metadata={"format": "pt"})
    edit(folder / "config.json", **config)


def refused(engine, field, model):
    """The message that the check and the job agree on, at the field."""
    (found,) = engine.worker.check(read_partial(merge(DEFAULTS, {"model": model})))
    with pytest.raises(ContractError) as caught:
        engine.run(model=model)
    assert (caught.value.code, caught.value.field, caught.value.message) == ("model_invalid", field, found.message)
    return found.message


def in_two_files(folder, merges=lambda lines: lines):
    """The tokenizer of a folder as vocab.json and merges.txt."""
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"]))
    lines = ["#version: 0.2", *(" ".join(pair) for pair in model["merges"])]
    (folder / "merges.txt").write_text("".join(f"{line}\n" for line in merges(lines)))
    (folder / "tokenizer.json").unlink()


def without_merges(folder):
    file = folder / "tokenizer.json"
    document = json.loads(file.read_text())
    document["model"]["merges"] = []
    file.write_text(json.dumps(document))


def cut_inside_a_line(lines):
    return [*lines[:-1], lines[-1].removesuffix("</w>")]


TOKENIZERS = {
    "merges cut inside a line": lambda folder: in_two_files(folder, cut_inside_a_line),
    "half of the merges": lambda folder: in_two_files(folder, lambda lines: lines[: len(lines) // 2]),
    "merges of one line": lambda folder: in_two_files(folder, lambda lines: lines[:1]),
    "no merges": without_merges,
    "more words than the encoder": with_more_words,
    "a length that is a text": lambda folder: edit(folder / "tokenizer_config.json", model_max_length="many"),
    "settings that are no object": lambda folder: (folder / "tokenizer_config.json").write_text("[]"),
    "settings that are no JSON": lambda folder: (folder / "tokenizer_config.json").write_text("{"),
}


@pytest.mark.parametrize("change", TOKENIZERS.values(), ids=TOKENIZERS)
@pytest.mark.parametrize(
    ("place", "field"),
    [
        ("sdxl_base/tokenizer", "/model/base"),
        ("sdxl_base/tokenizer_2", "/model/base"),
        ("sdxl_refiner/tokenizer_2", "/model/refiner"),
        ("tokenizer_alt", "/model/tokenizer"),
    ],
)
def test_a_tokenizer_that_no_job_can_use(own, root, place, field, change):
    change(root / place)
    named = place.split("/")[0]
    refused(own, field, {field.split("/")[2]: named})
    (row,) = own.loader.validate_model_files([named])["results"]
    # Which encoder it is for only a job says where it stands by itself.
    assert not row["is_valid"] or (place == "tokenizer_alt" and change is with_more_words)


def test_an_encoder_of_fewer_words_than_the_base_s_tokenizer(own, root):
    with_fewer_rows(root / "text_encoder_alt", "token_embedding", 100, vocab_size=100)
    assert "100" in refused(own, "/model/text_encoder", {"text_encoder": "text_encoder_alt"})
    with_fewer_rows(root / "text_encoder_2_alt", "token_embedding", 100, vocab_size=100)
    assert "100" in refused(own, "/model/text_encoder_2", {"text_encoder_2": "text_encoder_2_alt"})


def test_a_tokenizer_is_held_against_the_encoder_that_the_job_takes(own, root):
    with_more_words(root / "tokenizer_alt")
    encoder = root / "text_encoder_alt"
    file = next(encoder.glob("*.safetensors"))
    weights = load_file(file)
    table = next(name for name in weights if name.endswith("token_embedding.weight"))
    rows = len(weights[table]) + 100
    save_file(weights | {table: weights[table].repeat(2, 1)[:rows].clone()}, file, metadata={"format": "pt"})
    edit(encoder / "config.json", vocab_size=rows)
    assert own.run(model={"tokenizer": "tokenizer_alt", "text_encoder": "text_encoder_alt"})["images"]


@pytest.mark.parametrize("name", ["text_encoder", "text_encoder_2"])
def test_an_encoder_that_reads_less_than_a_chunk(own, root, name):
    with_fewer_rows(root / f"{name}_alt", "position_embedding", 20, max_position_embeddings=20)
    assert "20" in refused(own, f"/model/{name}", {name: f"{name}_alt"})
    with_fewer_rows(root / "sdxl_base" / name, "position_embedding", 20, max_position_embeddings=20)
    refused(own, "/model/base", {})
    rows = own.loader.validate_model_files([f"{name}_alt", "sdxl_base"])["results"]
    assert [row["is_valid"] for row in rows] == [False, False]


@pytest.mark.parametrize(
    "values",
    [
        {"latents_mean": [0, 0, 0], "latents_std": [1, 1, 1]},
        {"latents_mean": "abcd", "latents_std": "abcd"},
        {"latents_mean": [0] * 4, "latents_std": [0] * 4},
        {"latents_mean": [0, 0, 0, True]},
        {"force_upcast": "yes"},
    ],
    ids=["three", "text", "no spread", "a flag", "no flag"],
)
def test_a_vae_whose_latents_no_decoder_can_scale(own, root, values):
    edit(root / "sdxl_base" / "vae" / "config.json", **values)
    refused(own, "/model/base", {})
    assert not own.loader.validate_model_files(["sdxl_base"])["results"][0]["is_valid"]


def test_two_whole_files_are_the_same_tokenizer(own, root):
    before = own.picture()
    for name in ("tokenizer", "tokenizer_2"):
        in_two_files(root / "sdxl_base" / name)
    assert own.violations() == [] and difference(own.picture(), before) == 0


def test_the_merges_of_the_published_tokenizers_are_whole():
    for folder in ("base/tokenizer", "base/tokenizer_2", "refiner/tokenizer_2"):
        require_vocabulary(Path(sys.prefix) / "share" / "sdxl-config" / folder)
