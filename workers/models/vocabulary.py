"""The words of a tokenizer, read from its files without loading it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from core.errors import ModelInvalid
from models.cause import cause_of

__all__ = ["has_word", "words_of"]


def has_word(folder: Path, word: str) -> bool:
    """Whether a tokenizer's folder has a word already, in any case. Raises ModelInvalid as `words_of` does."""
    words = words_of(folder)
    folded = word.lower()
    return folded in words or f"{folded}</w>" in words


def words_of(folder: Path) -> frozenset[str]:
    """All words of a tokenizer's folder. Raises ModelInvalid where its files cannot be read."""
    whole = folder / "tokenizer.json"
    file = whole if whole.is_file() else folder / "vocab.json"
    try:
        return _words(file, file.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelInvalid(f"{folder.name}/{file.name} cannot be read: {cause_of(error, file)}") from error


@lru_cache(maxsize=16)
def _words(file: Path, _changed_ns: int) -> frozenset[str]:
    document = json.loads(file.read_text(encoding="utf-8"))
    if file.name == "vocab.json":
        return frozenset(document)
    return frozenset(document["model"]["vocab"]) | {token["content"] for token in document.get("added_tokens") or []}
