"""Checks the tokenizers of a base or refiner against the text encoders that read their token ids.

An id beyond an encoder's table is an index error on the processor; on a GPU it ends the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from concord_workers.core.errors import ModelInvalid
from concord_workers.models.model_configs import config_folder
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.safetensors_file import read_header
from concord_workers.models.vocabulary import highest_id, require_vocabulary

__all__ = ["require_ids_fit", "require_own_tokenizers"]

_TOKENIZERS = {"text_encoder": "tokenizer", "text_encoder_2": "tokenizer_2"}
_VOCABULARY = 49408  # for an encoder whose configuration has none


def require_own_tokenizers(facts: ModelFacts) -> dict[str, Path]:
    """Text encoder → the folder of its tokenizer. Raises ModelInvalid where one is broken, or does not fit."""
    path = facts.path
    own = path if path.is_dir() else config_folder(path, facts.model_type, read_header(path))
    folders = {part: own / name for part, name in _TOKENIZERS.items() if part in facts.configs}
    if facts.model_type == "sdxl_refiner":
        folders.pop("text_encoder", None)
    for part, folder in folders.items():
        require_vocabulary(folder)
        require_ids_fit(folder, part, facts.configs[part])
    return folders


def require_ids_fit(folder: Path, part: str, config: Mapping[str, Any]) -> None:
    """Raises ModelInvalid where a text encoder lacks a row for a token of the tokenizer. config: of the encoder."""
    rows = (config.get("text_config") or config).get("vocab_size") or _VOCABULARY
    highest = highest_id(folder)
    if highest >= rows:
        raise ModelInvalid(f"{folder.name} numbers its tokens up to {highest}, and the {part} has {rows} of them")
