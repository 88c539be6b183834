"""The words of a tokenizer, read from its files without loading it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from core.errors import ModelInvalid
from models.cause import cause_of

__all__ = ["has_vocabulary", "has_word", "require_vocabulary"]

_LAYOUTS = (("tokenizer.json",), ("vocab.json", "merges.txt"))


def has_vocabulary(folder: Path) -> bool:
    """Whether a folder has a tokenizer's files."""
    return any(all((folder / name).is_file() for name in layout) for layout in _LAYOUTS)


def require_vocabulary(folder: Path) -> None:
    """Raises ModelInvalid where a vocabulary is missing or broken; the library would make up an empty one."""
    if not has_vocabulary(folder):
        raise ModelInvalid(
            f"{folder.name} is no tokenizer", hint="a tokenizer's folder holds tokenizer.json, or vocab.json and merges.txt"
        )
    _words_of(folder)


def has_word(folder: Path, word: str) -> bool:
    """Whether a tokenizer's folder has a word already, in any case. Raises ModelInvalid where its files cannot be read."""
    words = _words_of(folder)
    folded = word.lower()
    return folded in words or f"{folded}</w>" in words


def _words_of(folder: Path) -> frozenset[str]:
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
