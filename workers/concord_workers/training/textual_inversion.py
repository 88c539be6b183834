"""Textual Inversion: one new token in both text encoders, everything else frozen.

The new row is a weight of its own beside the frozen table, so no other row can move and the tables need no copy.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline
from safetensors.torch import save_file
from torch import nn
from transformers import CLIPTokenizer

from concord_workers.core.errors import Conflict, UnsupportedValue
from concord_workers.core.scalar import shorten
from concord_workers.models.readers import set_end_of_text

from .base import Base, view_of
from .prompts import CaptionTokens, encode

__all__ = ["InversionTechnique", "check_tokens"]

KEYS = ("clip_l", "clip_g")


class _WithNewToken(nn.Module):
    """A frozen table of embeddings and one trained row: (1, width), float32."""

    def __init__(self, table: nn.Embedding, token_id: int, initial_id: int) -> None:
        super().__init__()
        self.table = table
        self.token_id = token_id
        self.row = nn.Parameter(table.weight[initial_id : initial_id + 1].detach().clone().float())

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        known: torch.Tensor = self.table(ids.clamp(max=self.table.num_embeddings - 1))
        return torch.where((ids == self.token_id)[..., None], self.row.to(known.dtype), known)


def check_tokens(tokenizers: Sequence[CLIPTokenizer], placeholder: str, initializer: str) -> None:
    """Raises `conflict` for a placeholder that the model knows, `unsupported_value` for an initializer that is no one token."""
    for tokenizer in tokenizers:
        _with_token(tokenizer, placeholder)
        _single_token(tokenizer, initializer)


class InversionTechnique:
    """captions: one a picture, each holding the placeholder token."""

    def __init__(self, base: Base, captions: Sequence[str], placeholder: str, initializer: str) -> None:
        self.unet = view_of(base.unet)
        self._base = base
        self._tokenizers = []
        self._encoders = []
        self._tables = []
        for tokenizer, encoder in ((base.tokenizer, base.text_encoder), (base.tokenizer_2, base.text_encoder_2)):
            initial_id = _single_token(tokenizer, initializer)
            own_tokenizer, token_id = _with_token(tokenizer, placeholder)
            own_encoder = view_of(encoder)
            table = _WithNewToken(own_encoder.get_input_embeddings(), token_id, initial_id)
            own_encoder.set_input_embeddings(table)
            # Otherwise the pooled state would be that of the highest id, which is the new token's.
            set_end_of_text(own_encoder, tokenizer)
            self._tokenizers.append(own_tokenizer)
            self._encoders.append(own_encoder)
            self._tables.append(table)
        self._tokens = [CaptionTokens(tokenizer, captions).ids for tokenizer in self._tokenizers]

    def trained(self) -> dict[str, nn.Parameter]:
        return {key: table.row for key, table in zip(KEYS, self._tables, strict=True)}

    def conditioning(self, pictures: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        chosen = list(pictures)
        return encode(self._encoders, [ids[chosen] for ids in self._tokens], self._base.device)

    def pipeline(self) -> StableDiffusionXLPipeline:
        return self._base.pipeline(
            text_encoder=self._encoders[0],
            text_encoder_2=self._encoders[1],
            tokenizer=self._tokenizers[0],
            tokenizer_2=self._tokenizers[1],
        )

    def save(self, path: Path) -> None:
        """A `.safetensors` with `clip_l` and `clip_g`, each (1, width)."""
        tensors = {name: row.detach().cpu().contiguous() for name, row in self.trained().items()}
        save_file(tensors, path, metadata={"format": "pt"})


def _single_token(tokenizer: CLIPTokenizer, initializer: str) -> int:
    ids = tokenizer.encode(initializer, add_special_tokens=False)
    if len(ids) != 1:
        raise UnsupportedValue(
            f"initializer_token {shorten(initializer)} is {len(ids)} tokens to this model, not one",
            field="/initializer_token",
            hint="choose a common single word",
        )
    return int(ids[0])


def _with_token(tokenizer: CLIPTokenizer, placeholder: str) -> tuple[CLIPTokenizer, int]:
    if placeholder in tokenizer.get_vocab():
        raise Conflict(f"placeholder_token {shorten(placeholder)} is a token of this model already", field="/placeholder_token")
    own = copy.deepcopy(tokenizer)
    own.add_tokens([placeholder])
    token_id = int(own.convert_tokens_to_ids(placeholder))
    if placeholder.split() != [placeholder] or own.encode(placeholder, add_special_tokens=False) != [token_id]:
        raise UnsupportedValue(
            f"placeholder_token {shorten(placeholder)} is no single word",
            field="/placeholder_token",
            hint="use a form like <name>",
        )
    return own, token_id
