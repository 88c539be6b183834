"""Refuses base64 of a picture that lacks the head of a `data:` URL."""

from __future__ import annotations

import re

from concord_workers.core.bundle import bundle, limits
from concord_workers.core.errors import ImageInvalid

__all__ = ["refuse_bare_base64"]

# The beginning of a file's base64 → the file's image format.
_FORMATS: dict[str, str] = {
    start: kind for kind, data in bundle()["$defs"]["OutputFormat"]["x-values"].items() for start in data["base64_starts"]
}
_LETTERS = re.compile(r"[A-Za-z0-9+/\-_= \t\r\n]*")
_LENGTH_MIN = int(limits("bare_base64_min"))


def refuse_bare_base64(reference: str, field: str) -> None:
    """Raises ImageInvalid for text in the alphabet of base64 that begins like an image file or is longer than a name can be."""
    kind = next((kind for start, kind in _FORMATS.items() if reference.startswith(start)), None)
    if (kind is None and len(reference) < _LENGTH_MIN) or _LETTERS.fullmatch(reference) is None:
        return
    kind = kind or "png"
    raise ImageInvalid(
        f"{len(reference)} characters of base64 instead of a path; "
        f"a picture in the request begins with data:image/{kind};base64,",
        field=field,
        hint=f"write data:image/{kind};base64, before it",
    )
