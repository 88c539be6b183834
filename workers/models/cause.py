"""What a library says of a model that it cannot read, as a refusal may tell it: without the folders of this host."""

from __future__ import annotations

from pathlib import Path

__all__ = ["cause_of"]

_LENGTH_MAX = 300


def cause_of(error: BaseException, path: Path) -> str:
    """The first line of an error about the file or folder at a path, which stands in it by its name alone."""
    if isinstance(error, OSError) and error.strerror is not None:
        return error.strerror  # the whole text names the file by its path
    if isinstance(error, KeyError):
        return f"it lacks {error}"[:_LENGTH_MAX]
    lines = str(error).strip().splitlines()
    if not lines:
        return type(error).__name__
    text = lines[0]
    for known in (path, path.resolve()):
        text = text.replace(str(known), path.name)
    for known in (path.parent, path.parent.resolve()):
        text = text.replace(f"{known}/", "")
    return text[:_LENGTH_MAX]
