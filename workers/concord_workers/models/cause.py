"""The cause of a library's error, as a refusal shows it: without the folders of this host."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["cause_of"]

_LENGTH_MAX = 300
_ELSEWHERE = "another path"
# The rest of an absolute path, up to a blank, a quote or a mark that ends a clause.
_REST = r"[^\s'\"`,;:()<>\[\]]*"
_QUOTED = re.compile(r"(['\"`])~?/[^'\"`\n]+\1")
# Not a URL, nor a word with a slash in it.
_ABSOLUTE = re.compile(rf"(?<![\w.:/~-])~?/(?=\w){_REST}")


def cause_of(error: BaseException, path: Path) -> str:
    """The first line of an error about the file or folder at a path, with the path shortened to its name.

    Other paths of the host are removed: they are no matter of the sender.
    """
    if isinstance(error, OSError) and error.strerror is not None:
        return error.strerror  # the whole text has the file's path
    if isinstance(error, KeyError):
        return f"it lacks {_bare(str(error), path)}"[:_LENGTH_MAX]
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    # A line that only announces the next one has no cause in it.
    text = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    return _bare(text, path)[:_LENGTH_MAX]


def _bare(text: str, path: Path) -> str:
    """The text without absolute paths, except the one that the sender knows."""
    own = sorted({str(known) for known in (path, path.resolve())}, key=len, reverse=True)
    for known in own:
        # A longer name with the same beginning is another file's.
        text = re.sub(re.escape(known) + r"(?![\w.-])", path.name, text)
    text = _QUOTED.sub(rf"\1{_ELSEWHERE}\1", text)
    # Folder names may have blanks, and a path without quotes seems to end there.
    above = {str(folder) for known in own for folder in Path(known).parents if " " in str(folder)}
    for folder in sorted(above, key=len, reverse=True):
        text = re.sub(re.escape(folder) + _REST, _ELSEWHERE, text)
    return _ABSOLUTE.sub(_ELSEWHERE, text)
