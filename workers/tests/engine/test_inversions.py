"""Textual inversions as users have them: whatever the case of their token, all vectors act."""

from __future__ import annotations

import copy
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from bench import Engine, difference
from safetensors.torch import load_file, save_file

from concord_workers.conditioning.prompt_encoder import PromptTexts, _tokenize, tokenizers_of, tokens_used
from concord_workers.conditioning.textual_inversion import inversions_in
from concord_workers.core.errors import ContractError
from concord_workers.models.readers import Inversion, read_tokenizer

CONFIG = Path(sys.prefix) / "share" / "sdxl-config" / "base"
TOKENS = ["negativeXL_D", "unaestheticXLv31", "XYZ", "<MyStyle>", "ac_neg1", "Ünïcode", "EasyNegative-XL", "my Token"]


@pytest.fixture
def root(tmp_path, tiny):
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copytree(tiny / "sdxl_base", folder / "sdxl_base")
    shutil.copy(tiny / "ti_style.safetensors", folder / "ti_style.safetensors")
    return folder


@pytest.fixture
def own(root, inputs, tmp_path):
    return Engine(root, inputs, tmp_path / "outputs")


def with_token(engine, prompt: str, token: str, path: str = "ti_style.safetensors") -> dict:
    return engine.run(conditioning={"prompt": prompt, "textual_inversions": [{"path": path, "token": token}]})


def pixels_of(result):
    from bench import pixels

    return pixels(result["images"][0])


@pytest.mark.parametrize("token", TOKENS)
def test_the_case_of_a_token_does_not_matter(own, token):
    truth = with_token(own, "a photo of zzq", "zzq")
    result = with_token(own, f"a photo of {token}", token)
    assert result["features_used"]["textual_inversion"] and result["warnings"] == []
    assert difference(pixels_of(result), pixels_of(truth)) == 0
    assert difference(pixels_of(result), own.picture(conditioning={"prompt": f"a photo of {token}"})) > 20


def test_a_prompt_may_write_it_in_another_case(own):
    one, other = with_token(own, "a photo of negativexl_d", "negativeXL_D"), with_token(own, "a photo of zzq", "zzq")
    assert one["features_used"]["textual_inversion"] and difference(pixels_of(one), pixels_of(other)) == 0


def test_every_vector_acts(own, root):
    weights = load_file(root / "ti_style.safetensors")
    for name, change in {"second": 1, "first": 0}.items():
        changed = {key: tensor.clone() for key, tensor in weights.items()}
        for tensor in changed.values():
            tensor[change] = -tensor[change]
        save_file(changed, root / f"{name}.safetensors")
        plain = with_token(own, "a photo of MyStyle", "MyStyle")
        assert (
            difference(pixels_of(with_token(own, "a photo of MyStyle", "MyStyle", f"{name}.safetensors")), pixels_of(plain)) > 2
        )


def test_the_name_that_libraries_give_a_second_vector_is_no_token(own):
    """`zzq_1` was the name of the second vector, so a prompt could hold it by chance."""
    one = own.picture(
        conditioning={"prompt": "a zzq zzq_1", "textual_inversions": [{"path": "ti_style.safetensors", "token": "zzq"}]}
    )
    other = own.picture(
        conditioning={"prompt": "a yyk yyk_1", "textual_inversions": [{"path": "ti_style.safetensors", "token": "yyk"}]}
    )
    assert difference(one, other) == 0


def test_tokens_that_differ_in_case_alone_are_one(own):
    both = [{"path": "ti_style.safetensors", "token": token} for token in ("Style", "sTYLE")]
    assert own.violations(conditioning={"textual_inversions": both}) == [
        ("unsupported_value", "/conditioning/textual_inversions/1/token")
    ]


@pytest.mark.parametrize("token", ["Cat", "CAT", "cat"])
def test_a_word_of_the_vocabulary_is_taken_in_every_case(own, token):
    entry = {"path": "ti_style.safetensors", "token": token}
    assert own.violations(conditioning={"textual_inversions": [entry]}) == [
        ("unsupported_value", "/conditioning/textual_inversions/0/token")
    ]
    with pytest.raises(ContractError) as caught:
        with_token(own, f"a {token}", token)
    assert (caught.value.code, caught.value.field) == ("unsupported_value", "/conditioning/textual_inversions/0/token")


@pytest.mark.parametrize("token", ["negativeXL_D", "unaestheticXLv31", "<MyStyle>"])
def test_with_the_published_vocabulary_through_both_tokenizers(token):
    class Encoder:
        def __init__(self, width: int) -> None:
            self.table = torch.nn.Embedding(49408, width)

        def get_input_embeddings(self):
            return self.table

        def set_input_embeddings(self, table) -> None:
            self.table = table

    pipeline = SimpleNamespace(
        tokenizer=read_tokenizer(CONFIG, "tokenizer"),
        tokenizer_2=read_tokenizer(CONFIG, "tokenizer_2"),
        text_encoder=Encoder(8),
        text_encoder_2=Encoder(12),
    )
    before = copy.copy(pipeline.__dict__)
    texts = PromptTexts(f"a photo, {token}, red", None, None, None, True, 0)
    with inversions_in([pipeline], [(token, Inversion(torch.ones(3, 8), torch.ones(3, 12)), "/x")]):
        for tokenizer, encoder in (
            (pipeline.tokenizer, pipeline.text_encoder),
            (pipeline.tokenizer_2, pipeline.text_encoder_2),
        ):
            ids = _tokenize(tokenizer, texts.prompt, True).ids
            rows = [index for index in ids if index >= 49408]
            assert len(rows) == 3 and torch.all(encoder.table.weight[rows] == 1)
        assert tokens_used(tokenizers_of(pipeline), [token], texts, guidance=False) == {token}
    assert pipeline.__dict__ == before


def test_the_words_of_the_published_vocabulary_are_known_without_loading_it():
    from concord_workers.models.vocabulary import has_word

    for folder in ("tokenizer", "tokenizer_2"):
        assert has_word(CONFIG / folder, "Cat") and not has_word(CONFIG / folder, "negativeXL_D")


@pytest.mark.parametrize(
    "change",
    [
        lambda tensor: tensor[None],
        lambda tensor: tensor[0, 0].clone(),
        lambda tensor: tensor[:0].clone(),
        lambda tensor: (tensor * 100).to(torch.int8),
        lambda tensor: (tensor[0] * 100).to(torch.int32),
    ],
    ids=["three sides", "one number", "no vectors", "integers", "a vector of integers"],
)
def test_what_holds_no_vectors_is_refused_by_the_check_as_by_the_job(own, root, change):
    save_file({name: change(t) for name, t in load_file(root / "ti_style.safetensors").items()}, root / "odd.safetensors")
    used = [{"path": "odd.safetensors", "token": "zzq"}]
    field = "/conditioning/textual_inversions/0/path"
    assert own.violations(conditioning={"prompt": "a zzq", "textual_inversions": used}) == [("model_invalid", field)]
    with pytest.raises(ContractError) as caught:
        with_token(own, "a zzq", "zzq", "odd.safetensors")
    assert (caught.value.code, caught.value.field) == ("model_invalid", field)


def test_not_the_base_is_blamed_for_vectors_that_are_not_finite(own, root):
    save_file({name: t / 0 for name, t in load_file(root / "ti_style.safetensors").items()}, root / "odd.safetensors")
    with pytest.raises(ContractError, match="not finite") as caught:
        with_token(own, "a zzq", "zzq", "odd.safetensors")
    assert caught.value.field == "/conditioning/textual_inversions/0/path"
