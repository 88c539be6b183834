"""Weighted prompts: `(word:1.2)` gives a weight, `\\(` is a plain parenthesis, other parentheses are text.

Groups may stand within groups; their weights multiply. Escapes are `\\(`, `\\)` and `\\\\`; any other backslash is text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Fragment", "parse_prompt"]

_WEIGHT = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*")
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
    joined: list[Fragment] = []
    for fragment in _parse(prompt):
        if joined and joined[-1].weight == fragment.weight:
            joined[-1] = Fragment(joined[-1].text + fragment.text, fragment.weight)
        elif fragment.text:
            joined.append(fragment)
    return joined or [Fragment("", 1.0)]


def _parse(text: str) -> list[Fragment]:
    fragments: list[Fragment] = []
    plain: list[str] = []
    weight, position = 1.0, 0
    closings = _matching(text)
    # Of each group that is open: where its text ends, where it ends itself, and the weight outside of it.
    groups: list[tuple[int, int, float]] = []
    while position < len(text):
        character = text[position]
        if groups and position == groups[-1][0]:
            fragments.append(Fragment("".join(plain), weight))
            plain = []
            _, position, weight = groups.pop()
        elif character == "\\" and position + 1 < len(text) and text[position + 1] in _ESCAPABLE:
            plain.append(text[position + 1])
            position += 2
        elif position in closings and (found := _weight_of(text, position + 1, closings[position])) is not None:
            fragments.append(Fragment("".join(plain), weight))
            plain = []
            colon, factor = found
            groups.append((colon, closings[position] + 1, weight))
            weight *= factor
            position += 1
        else:
            plain.append(character)
            position += 1
    fragments.append(Fragment("".join(plain), weight))
    return fragments


def _weight_of(text: str, start: int, end: int) -> tuple[int, float] | None:
    """Position of the colon and the weight behind it of the group text[start:end]; None where it has none."""
    colon = text.rfind(":", start, end)
    match = _WEIGHT.fullmatch(text, colon + 1, end) if colon > start else None
    return None if match is None else (colon, float(match[1]))


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
