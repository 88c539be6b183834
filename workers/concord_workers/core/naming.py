"""Names across languages: from `snake` to C#, and from C# to the web names of System.Text.Json.

`camel` is an exact model of `JsonNamingPolicy.CamelCase` in .NET 10, held to rows that real .NET wrote.
"""

from __future__ import annotations

__all__ = ["camel", "escape", "pascal"]


def pascal(snake: str) -> str:
    """The C# name by the mechanical rule: split on `_`, upper-case each first letter."""
    return "".join(word[:1].upper() + word[1:] for word in snake.split("_"))


def camel(csharp: str) -> str:
    """What `JsonNamingPolicy.CamelCase` makes of a C# name: `LoRAs` → `loRAs`, `IOStatus` → `ioStatus`."""
    chars = list(csharp)
    if not chars or not chars[0].isupper():
        return csharp
    for i, char in enumerate(chars):
        if i == 1 and not char.isupper():
            break
        following = chars[i + 1] if i + 1 < len(chars) else None
        if i > 0 and following is not None and not following.isupper():
            if following == " ":
                chars[i] = _lower(char)
            break
        chars[i] = _lower(char)
    return "".join(chars)


def escape(name: str) -> str:
    """A name as one token of a JSON Pointer."""
    if "~" in name or "/" in name:
        return name.replace("~", "~0").replace("/", "~1")
    return name


def _lower(char: str) -> str:
    # The invariant culture maps one char to one char.
    lowered = char.lower()
    return lowered if len(lowered) == 1 else char
