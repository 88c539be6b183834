"""Weighted prompts: `(word:1.2)` gives a weight, `\\(` is a plain parenthesis, other parentheses are text.

Groups may stand within groups; their weights multiply. Escapes are `\\(`, `\\)` and `\\\\`; any other backslash is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Fragment", "parse_prompt"]

_WEIGHT_AT_END = re.compile(r":\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*$")
_ESCAPABLE = "()\\"


@dataclass(frozen=True)
class Fragment:
    """A piece of a prompt with one weight, its escapes resolved."""

    text: str
    weight: float


def parse_prompt(prompt: str, *, weighting: bool) -> list[Fragment]:
    """The prompt's fragments in order, neighbours of equal weight joined. Without weighting: one, the prompt as it is."""
    if not weighting:
        return [Fragment(prompt, 1.0)]
    fragments: list[Fragment] = []
    _parse(prompt, 1.0, fragments)
    joined: list[Fragment] = []
    for fragment in fragments:
        if joined and joined[-1].weight == fragment.weight:
            joined[-1] = Fragment(joined[-1].text + fragment.text, fragment.weight)
        elif fragment.text:
            joined.append(fragment)
    return joined or [Fragment("", 1.0)]


def _parse(text: str, weight: float, into: list[Fragment]) -> None:
    plain: list[str] = []
    position = 0
    closings = _matching(text)
    while position < len(text):
        character = text[position]
        if character == "\\" and position + 1 < len(text) and text[position + 1] in _ESCAPABLE:
            plain.append(text[position + 1])
            position += 2
            continue
        end = closings.get(position)
        if end is not None:
            inner = text[position + 1 : end]
            match = _WEIGHT_AT_END.search(inner)
            if match is not None and match.start() > 0:
                into.append(Fragment("".join(plain), weight))
                plain = []
                _parse(inner[: match.start()], weight * float(match[1]), into)
                position = end + 1
                continue
        plain.append(character)
        position += 1
    into.append(Fragment("".join(plain), weight))


def _matching(text: str) -> dict[int, int]:
    """Position of each `(` that is closed → position of its `)`; escaped ones do not count."""
    pairs: dict[int, int] = {}
    open_at: list[int] = []
    position = 0
    while position < len(text):
        if text[position] == "\\" and position + 1 < len(text) and text[position + 1] in _ESCAPABLE:
            position += 2
            continue
        if text[position] == "(":
            open_at.append(position)
        elif text[position] == ")" and open_at:
            pairs[open_at.pop()] = position
        position += 1
    return pairs
