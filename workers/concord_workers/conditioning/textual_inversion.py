"""Adds the tokens of textual inversions to a job's pipelines, and removes them again.

Tokenizers are copied for the job and the encoders' embedding tables are swapped for longer ones, so the loaded model
itself is never written to. CLIP's tokenizers fold case, so a token is known by its id, never by its spelling.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from concord_workers.core.errors import ModelInvalid, UnsupportedValue
from concord_workers.core.scalar import shorten
from concord_workers.models.readers import Inversion

__all__ = ["Expansion", "add_token", "expansions_of", "inversions_in"]

_PLACES = (("tokenizer", "text_encoder", "clip_l"), ("tokenizer_2", "text_encoder_2", "clip_g"))


@contextmanager
def inversions_in(pipelines: Sequence[Any], inversions: Sequence[tuple[str, Inversion, str]]) -> Iterator[None]:
    """Makes each token stand for its vectors in every encoder of the pipelines, until the end.

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


@dataclass(frozen=True)
class Expansion:
    """The vectors of one token. token: as the job spells it. rows: of the vectors in the encoder's embedding table."""

    token: str
    rows: list[int]


def expansions_of(tokenizer: Any) -> dict[int, Expansion]:
    """Id of a token → its vectors, while `inversions_in` is open."""
    found: dict[int, Expansion] = getattr(tokenizer, "inversions", {})
    return found


def add_token(tokenizer: Any, token: str) -> bool:
    """Adds a token to a tokenizer. Returns whether it is new: a vocabulary may have it already, in any case."""
    vocabulary = tokenizer.get_vocab()
    folded = token.lower()
    return folded not in vocabulary and f"{folded}</w>" not in vocabulary and tokenizer.add_tokens([token]) == 1


def _add(tokenizer: Any, encoder: Any, token: str, vectors: torch.Tensor, pointer: str) -> None:
    """One token of n vectors: the tokenizer gets the token, the embedding table n rows behind its last."""
    table = encoder.get_input_embeddings()
    if vectors.shape[1] != table.weight.shape[1]:
        raise ModelInvalid(
            f"the inversion for {shorten(token)} has vectors of {vectors.shape[1]} numbers, "
            f"the encoder takes {table.weight.shape[1]}",
            field=pointer + "/path",
        )
    if not add_token(tokenizer, token):
        raise UnsupportedValue(
            f"{shorten(token)} is a token of the model already", field=pointer + "/token", hint="choose another token"
        )
    # The tokenizer may give the token an id that has a row already: the rows are counted on from the table's end.
    first = max(table.weight.shape[0], len(tokenizer))
    weight = table.weight.detach().new_zeros(first + len(vectors), table.weight.shape[1])
    weight[: table.weight.shape[0]] = table.weight.detach()
    weight[first:] = vectors.to(device=weight.device, dtype=weight.dtype)
    encoder.set_input_embeddings(torch.nn.Embedding(weight.shape[0], weight.shape[1], _weight=weight, _freeze=True))
    rows = list(range(first, first + len(vectors)))
    tokenizer.inversions = expansions_of(tokenizer) | {tokenizer.convert_tokens_to_ids(token): Expansion(token, rows)}
