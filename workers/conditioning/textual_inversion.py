"""Adds the tokens of textual inversions to a job's pipelines, and takes them out again.

Tokenizers are copied for the job and the encoders' embedding tables are swapped for longer ones, so the loaded model
itself is never written to.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from core.errors import ModelInvalid, UnsupportedValue
from models.readers import Inversion

__all__ = ["inversions_in"]

_PLACES = (("tokenizer", "text_encoder", "clip_l"), ("tokenizer_2", "text_encoder_2", "clip_g"))


@contextmanager
def inversions_in(pipelines: Sequence[Any], inversions: Sequence[tuple[str, Inversion, str]]) -> Iterator[None]:
    """While open, each token stands for its vectors in every encoder of the pipelines.

    inversions: token, vectors, pointer of the entry. Raises UnsupportedValue for a token that a vocabulary has already,
    ModelInvalid where the vectors are of another width.
    """
    with ExitStack() as undo:
        for pipeline in pipelines if inversions else []:
            for tokenizer_name, encoder_name, vectors_name in _PLACES:
                encoder = getattr(pipeline, encoder_name)
                if encoder is None:
                    continue
                tokenizer = getattr(pipeline, tokenizer_name)
                undo.callback(setattr, pipeline, tokenizer_name, tokenizer)
                undo.callback(encoder.set_input_embeddings, encoder.get_input_embeddings())
                tokenizer = copy.deepcopy(tokenizer)
                setattr(pipeline, tokenizer_name, tokenizer)
                for token, inversion, pointer in inversions:
                    _add(tokenizer, encoder, token, getattr(inversion, vectors_name), pointer)
        yield


def _add(tokenizer: Any, encoder: Any, token: str, vectors: torch.Tensor, pointer: str) -> None:
    """One token of n vectors as `token`, `token_1`, …; prompts are written out so by `maybe_convert_prompt`."""
    table = encoder.get_input_embeddings()
    if vectors.shape[1] != table.weight.shape[1]:
        raise ModelInvalid(
            f"the inversion for {token!r} has vectors of {vectors.shape[1]} numbers, the encoder takes {table.weight.shape[1]}",
            field=pointer + "/path",
        )
    names = [token, *(f"{token}_{index}" for index in range(1, len(vectors)))]
    first = len(tokenizer)
    vocabulary = tokenizer.get_vocab()
    taken = any(name in vocabulary or f"{name}</w>" in vocabulary for name in names)
    if taken or tokenizer.add_tokens(names) != len(names):
        raise UnsupportedValue(
            f"{token!r} is a token of the model already", field=pointer + "/token", hint="choose another token"
        )
    rows = max(table.weight.shape[0], first + len(names))
    weight = table.weight.detach().new_zeros(rows, table.weight.shape[1])
    weight[: table.weight.shape[0]] = table.weight.detach()
    weight[first : first + len(names)] = vectors.to(device=weight.device, dtype=weight.dtype)
    encoder.set_input_embeddings(torch.nn.Embedding(rows, weight.shape[1], _weight=weight, _freeze=True))
