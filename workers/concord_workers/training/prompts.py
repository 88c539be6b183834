"""Encodes captions to SDXL's two kinds of conditioning, in chunks of 75 tokens, without a cut.

All captions of a training are padded to the same number of chunks, so that any of them can share a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn
from transformers import CLIPTokenizer

from concord_workers.conditioning.prompt_encoder import closed_chunk

from .base import Base

__all__ = ["CachedCaptions", "CaptionTokens", "encode"]


class CaptionTokens:
    """Token ids of captions for one encoder: (captions, chunks, 77), int64, cpu."""

    def __init__(self, tokenizer: CLIPTokenizer, captions: Sequence[str]) -> None:
        chunked = [_chunks(tokenizer, caption) for caption in captions]
        most = max(len(chunks) for chunks in chunked)
        empty = closed_chunk(tokenizer, [], tokenizer.model_max_length)
        self.ids = torch.tensor([chunks + [empty] * (most - len(chunks)) for chunks in chunked])


def encode(
    encoders: Sequence[nn.Module], tokens: Sequence[torch.Tensor], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Runs both text encoders over (batch, chunks, 77) ids each.

    Returns the penultimate hidden states (batch, chunks * 77, width 1 + width 2) and the pooled projection of the second
    encoder's first chunk (batch, projection), in the encoders' dtype, on the device.
    """
    states = []
    pooled = None
    for encoder, ids in zip(encoders, tokens, strict=True):
        batch, chunks, length = ids.shape
        output = encoder(ids.reshape(batch * chunks, length).to(device), output_hidden_states=True)
        hidden = output.hidden_states[-2]
        states.append(hidden.reshape(batch, chunks * length, hidden.shape[-1]))
        pooled = output[0].reshape(batch, chunks, -1)[:, 0]
    assert pooled is not None
    return torch.cat(states, dim=-1), pooled


class CachedCaptions:
    """The conditioning of every picture, encoded once; equal captions share an entry. Kept on the CPU."""

    def __init__(self, base: Base, captions: Sequence[str], check: Callable[[], None]) -> None:
        distinct = list(dict.fromkeys(captions))
        place = {caption: index for index, caption in enumerate(distinct)}
        self._entry = [place[caption] for caption in captions]
        tokens = [CaptionTokens(tokenizer, distinct).ids for tokenizer in (base.tokenizer, base.tokenizer_2)]
        states, pooled = [], []
        for index in range(len(distinct)):
            check()
            with torch.no_grad():
                one = encode((base.text_encoder, base.text_encoder_2), [ids[index : index + 1] for ids in tokens], base.device)
            states.append(one[0].cpu())
            pooled.append(one[1].cpu())
        self._states, self._pooled = torch.cat(states), torch.cat(pooled)
        self._device = base.device

    def of(self, pictures: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Hidden states and pooled projections of a batch, on the device."""
        entries = [self._entry[picture] for picture in pictures]
        return self._states[entries].to(self._device), self._pooled[entries].to(self._device)


def _chunks(tokenizer: CLIPTokenizer, caption: str) -> list[list[int]]:
    ids = tokenizer(caption, add_special_tokens=False, truncation=False, verbose=False).input_ids
    length = tokenizer.model_max_length
    starts = range(0, max(len(ids), 1), length - 2)
    return [closed_chunk(tokenizer, ids[start : start + length - 2], length) for start in starts]
