"""What a library says of a model that it cannot read, as a refusal may tell it: without the folders of this host."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["cause_of"]

_LENGTH_MAX = 300
_ELSEWHERE = "another path"
# Of an absolute path, up to a blank, a quote or what ends a part of a sentence.
_REST = r"[^\s'\"`,;:()<>\[\]]*"
_QUOTED = re.compile(r"(['\"`])~?/[^'\"`\n]+\1")
# Not a URL, nor a word with a slash in it.
_ABSOLUTE = re.compile(rf"(?<![\w.:/~-])~?/(?=\w){_REST}")


def cause_of(error: BaseException, path: Path) -> str:
    """The first words of an error about the file or folder at a path, which stands in it by its name alone.

    Any other place of the host is not named: the sender need not know that it is there.
    """
    if isinstance(error, OSError) and error.strerror is not None:
        return error.strerror  # the whole text names the file by its path
    if isinstance(error, KeyError):
        return f"it lacks {_bare(str(error), path)}"[:_LENGTH_MAX]
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    # A line that only announces what follows says nothing by itself.
    text = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    return _bare(text, path)[:_LENGTH_MAX]


def _bare(text: str, path: Path) -> str:
    """The text without absolute paths, but for the one that is known to the sender."""
    own = sorted({str(known) for known in (path, path.resolve())}, key=len, reverse=True)
    for known in own:
        # A name that only begins so is another file's.
        text = re.sub(re.escape(known) + r"(?![\w.-])", path.name, text)
    text = _QUOTED.sub(rf"\1{_ELSEWHERE}\1", text)
    # The names of folders may hold blanks, at which a path that stands without quotes seems to end.
    above = {str(folder) for known in own for folder in Path(known).parents if " " in str(folder)}
    for folder in sorted(above, key=len, reverse=True):
        text = re.sub(re.escape(folder) + _REST, _ELSEWHERE, text)
    return _ABSOLUTE.sub(_ELSEWHERE, text)
