"""Limits that msgspec lacks; the generated types call these checks."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["NotCanonicalError", "check_blank", "check_once"]

# White space as Unicode, Rust and .NET have it; `str.isspace` counts four control characters more.
_WHITE_SPACE = (
    "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


class NotCanonicalError(ValueError):
    """A document that the schema refuses; the message names the place and the limit."""


def check_blank(name: str, text: str | None) -> None:
    """Raises ValueError where a text has nothing but white space."""
    if text is not None and not text.strip(_WHITE_SPACE):
        raise ValueError(f"`{name}` is blank")


def check_once(name: str, items: Sequence[object] | None) -> None:
    """Raises ValueError where an item stands in a list twice."""
    if items is not None and len(set(items)) != len(items):
        raise ValueError(f"`{name}` has an item twice")
