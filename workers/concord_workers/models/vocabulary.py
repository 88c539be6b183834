"""The words of a tokenizer and their token ids, as the library of the jobs reads them."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import transformers

from concord_workers.core.errors import ModelInvalid
from concord_workers.core.model_files import stamp
from concord_workers.core.scalar import shorten
from concord_workers.models.cause import cause_of

__all__ = ["has_vocabulary", "has_word", "highest_id", "require_vocabulary"]

_LAYOUTS = (("tokenizer.json",), ("vocab.json", "merges.txt"))


def has_vocabulary(folder: Path) -> bool:
    """Whether a folder has a tokenizer's files."""
    return any(all((folder / name).is_file() for name in layout) for layout in _LAYOUTS)


def require_vocabulary(folder: Path) -> None:
    """Raises ModelInvalid where no tokenizer can be made of the folder, or its vocabulary is missing or broken: the library
    would make an empty one."""
    if not has_vocabulary(folder):
        raise ModelInvalid(
            f"{folder.name} is no tokenizer", hint="a tokenizer's folder holds tokenizer.json, or vocab.json and merges.txt"
        )
    _words_of(folder)
    highest_id(folder)


def has_word(folder: Path, word: str) -> bool:
    """Whether a tokenizer's folder has a word already, in any case. Raises ModelInvalid where its files cannot be read."""
    words = _words_of(folder)
    folded = word.lower()
    return folded in words or f"{folded}</w>" in words


def highest_id(folder: Path) -> int:
    """The largest number that the tokenizer of a folder gives a token. Raises ModelInvalid where none can be made of it."""
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix in (".json", ".txt"))
        return _highest_id(folder, tuple((file.name, *stamp(file)) for file in files))
    except Exception as error:
        # A bad value of its files can raise any error in the library.
        raise ModelInvalid(f"no tokenizer can be made of {folder.name}: {cause_of(error, folder)}") from error


@lru_cache(maxsize=16)
def _highest_id(folder: Path, _changed: tuple[tuple[str | int, ...], ...]) -> int:
    tokenizer = transformers.CLIPTokenizer.from_pretrained(folder, local_files_only=True)
    needed = {"bos": tokenizer.bos_token_id, "eos": tokenizer.eos_token_id, "pad": tokenizer.pad_token_id}
    if lacking := [name for name, number in needed.items() if type(number) is not int]:
        raise ValueError(f"it has no {lacking[0]} token")
    tokenizer("a", add_special_tokens=False)  # some of its settings are used here for the first time
    _require_merges(tokenizer)
    return max(int(number) for number in tokenizer.get_vocab().values())


def _require_merges(tokenizer: Any) -> None:
    """Raises ValueError where words of several letters are never made, as with a list of merges that is cut.

    Each word of CLIP's but the 512 letters and the special ones is made by one merge. The library reads a shorter list
    without a word, and spells what the lost merges would have made.
    """
    model = msgspec.json.decode(tokenizer.backend_tokenizer.to_str())["model"]
    made = {left + right for left, right in model["merges"]}
    letters = {word for word in model["vocab"] if len(word.removesuffix("</w>")) <= 1}
    if lost := sorted(model["vocab"].keys() - made - letters - tokenizer.get_added_vocab().keys()):
        raise ValueError(f"it lacks the merges of {len(lost)} of its {len(model['vocab'])} words, {shorten(lost[0])} first")


def _words_of(folder: Path) -> frozenset[str]:
    """All words of a tokenizer's folder. Raises ModelInvalid where its files cannot be read."""
    whole = folder / "tokenizer.json"
    file = whole if whole.is_file() else folder / "vocab.json"
    try:
        return _words(file, stamp(file))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelInvalid(f"{folder.name}/{file.name} cannot be read: {cause_of(error, file)}") from error


@lru_cache(maxsize=16)
def _words(file: Path, _changed: tuple[int, ...]) -> frozenset[str]:
    document = json.loads(file.read_text(encoding="utf-8"))
    if file.name == "vocab.json":
        return frozenset(document)
    return frozenset(document["model"]["vocab"]) | {token["content"] for token in document.get("added_tokens") or []}
