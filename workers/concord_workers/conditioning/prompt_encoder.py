"""Turns prompts of any length into the tensors that an SDXL UNet is conditioned on.

A prompt is cut into chunks of 75 tokens, each between its begin and end marks, so nothing is lost. A token's weight w
moves its hidden state to `empty + w * (state - empty)`, where `empty` is what the empty prompt has at that place; at
weight 1 the state is left bit for bit as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from concord_workers.conditioning.prompt import parse_prompt
from concord_workers.conditioning.textual_inversion import expansions_of
from concord_workers.models.model_facts import CHUNK_LENGTH

__all__ = ["CHUNK_TOKENS", "Embeddings", "PromptTexts", "closed_chunk", "encode_prompts", "tokenizers_of", "tokens_used"]

CHUNK_TOKENS = CHUNK_LENGTH - 2  # without the ones that begin and end it


@dataclass(frozen=True)
class PromptTexts:
    """The prompts of one job; absent ones are None. prompt_2 stands for prompt in the second encoder."""

    prompt: str
    prompt_2: str | None
    negative_prompt: str | None
    negative_prompt_2: str | None
    weighting: bool
    clip_skip: int


@dataclass(frozen=True)
class Embeddings:
    """prompt, negative: (1, 77 * chunks, width); pooled, negative_pooled: (1, projection). negative: None without guidance."""

    prompt: torch.Tensor
    pooled: torch.Tensor
    negative: torch.Tensor | None
    negative_pooled: torch.Tensor | None

    def arguments(self) -> dict[str, torch.Tensor | None]:
        """As the pipelines take them."""
        return {
            "prompt_embeds": self.prompt,
            "pooled_prompt_embeds": self.pooled,
            "negative_prompt_embeds": self.negative,
            "negative_pooled_prompt_embeds": self.negative_pooled,
        }


@dataclass(frozen=True)
class _Tokens:
    ids: list[int]
    weights: list[float]

    @property
    def chunks(self) -> int:
        return max(1, -(-len(self.ids) // CHUNK_TOKENS))


def encode_prompts(pipeline: Any, texts: PromptTexts, *, guidance: bool, device: torch.device) -> Embeddings:
    """Encode the prompts with the pipeline's encoders: both of a base, the second alone of a refiner.

    Without a negative prompt a base whose configuration says so gets zeros, as it was trained.
    """
    positive = (texts.prompt, texts.prompt_2 or texts.prompt)
    given = [text for text in (texts.negative_prompt, texts.negative_prompt_2) if text is not None]
    negative = (texts.negative_prompt or "", texts.negative_prompt_2 or texts.negative_prompt or "")
    encoders = _encoders_of(pipeline)
    zeros = not given and bool(pipeline.config.force_zeros_for_empty_prompt)

    jobs = [positive, negative] if guidance and not zeros else [positive]
    # A refiner has one encoder, and it is given the first prompt, as diffusers does.
    tokens = [
        [_tokenize(tokenizer, text, texts.weighting) for (tokenizer, _), text in zip(encoders, job, strict=False)]
        for job in jobs
    ]
    chunks = max(t.chunks for job in tokens for t in job)
    encoded = [_encode(encoders, job, chunks, texts.clip_skip, device) for job in tokens]
    states, pooled = encoded[0]
    if not guidance:
        return Embeddings(states, pooled, None, None)
    negative_states, negative_pooled = (torch.zeros_like(states), torch.zeros_like(pooled)) if zeros else encoded[1]
    return Embeddings(states, pooled, negative_states, negative_pooled)


def tokens_used(tokenizers: Sequence[Any], tokens: Sequence[str], texts: PromptTexts, *, guidance: bool) -> set[str]:
    """Those of the tokens that a prompt holds. tokenizers: have these tokens."""
    given = [texts.prompt, texts.prompt_2]
    if guidance:
        given += [texts.negative_prompt, texts.negative_prompt_2]
    prompts = [text for text in given if text is not None]
    fragments = [fragment.text for text in prompts for fragment in parse_prompt(text, weighting=texts.weighting)]
    used: set[str] = set()
    for tokenizer in tokenizers if tokens else []:
        ids = {id_ for fragment in fragments for id_ in _ids(tokenizer, fragment)}
        used |= {token for token in tokens if tokenizer.convert_tokens_to_ids(token) in ids}
    return used


def tokenizers_of(pipeline: Any) -> list[Any]:
    """The tokenizers that a pipeline reads prompts with."""
    return [tokenizer for tokenizer, _ in _encoders_of(pipeline)]


def _encoders_of(pipeline: Any) -> list[tuple[Any, Any]]:
    pairs = [(pipeline.tokenizer, pipeline.text_encoder), (pipeline.tokenizer_2, pipeline.text_encoder_2)]
    return [(tokenizer, encoder) for tokenizer, encoder in pairs if encoder is not None]


def _ids(tokenizer: Any, text: str) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False, truncation=False, verbose=False).input_ids
    return ids


def _tokenize(tokenizer: Any, text: str, weighting: bool) -> _Tokens:
    ids: list[int] = []
    weights: list[float] = []
    expansions = expansions_of(tokenizer)
    for fragment in parse_prompt(text, weighting=weighting):
        # The token of a textual inversion is written out as all of its vectors.
        own = [row for id_ in _ids(tokenizer, fragment.text) for row in (expansions[id_].rows if id_ in expansions else [id_])]
        ids += own
        weights += [fragment.weight] * len(own)
    return _Tokens(ids, weights)


def _encode(
    encoders: list[tuple[Any, Any]], tokens: Sequence[_Tokens], chunks: int, clip_skip: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Hidden states (1, 77 * chunks, sum of widths) and the pooled projection of the last encoder's first chunk."""
    states: list[torch.Tensor] = []
    pooled = None
    for (tokenizer, encoder), own in zip(encoders, tokens, strict=True):
        rows, weights = _rows(tokenizer, own, chunks)
        hidden, pooled = _run(encoder, rows, clip_skip, device)
        if any(weight != 1.0 for row in weights for weight in row):
            empty_rows, _ = _rows(tokenizer, _Tokens([], []), 1)
            empty, _ = _run(encoder, empty_rows, clip_skip, device)
            factor = torch.tensor(weights, dtype=hidden.dtype, device=hidden.device).unsqueeze(-1)
            hidden = torch.where(factor == 1.0, hidden, empty + factor * (hidden - empty))
        states.append(hidden.reshape(1, chunks * (CHUNK_LENGTH), -1))
    if pooled is None:
        raise ValueError("a pipeline without text encoders")
    return torch.cat(states, dim=-1), pooled[:1]


def _rows(tokenizer: Any, tokens: _Tokens, chunks: int) -> tuple[list[list[int]], list[list[float]]]:
    """Ids and weights of each chunk, (chunks, 77): begin, up to 75 tokens, end, padding."""
    rows: list[list[int]] = []
    weights: list[list[float]] = []
    for chunk in range(chunks):
        part = slice(chunk * CHUNK_TOKENS, (chunk + 1) * CHUNK_TOKENS)
        rows.append(closed_chunk(tokenizer, tokens.ids[part], CHUNK_LENGTH))
        own = [1.0, *tokens.weights[part]]
        weights.append(own + [1.0] * (CHUNK_LENGTH - len(own)))
    return rows, weights


def closed_chunk(tokenizer: Any, ids: Sequence[int], length: int) -> list[int]:
    """A chunk between its begin and end tokens, padded to the encoder's length."""
    closed = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]
    return closed + [tokenizer.pad_token_id] * (length - len(closed))


def _run(encoder: Any, rows: list[list[int]], clip_skip: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Hidden states of the layer that clip_skip names (0: the last but one) and the encoder's first output."""
    output = encoder(torch.tensor(rows, device=device), output_hidden_states=True)
    return output.hidden_states[-(clip_skip + 2)], output[0]
