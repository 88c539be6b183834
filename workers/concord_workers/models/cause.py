"""The cause of a library's error, as a refusal shows it: without the folders of this host."""

from __future__ import annotations

import os
import re
from pathlib import Path

__all__ = ["cause_of"]

_LENGTH_MAX = 300
# Of a longer text the rest is not shown, and need not be searched for paths.
_READ_MAX = 8 * _LENGTH_MAX
# Places where a path without quotes, or a folder of it, may end.
_ENDS_MAX = 128
_ELSEWHERE = "another path"
# The rest of an absolute path, up to a blank, a quote or a mark that ends a clause.
_REST = re.compile(r"[^\s'\"`,;:()<>\[\]]*")
_END = re.compile(r"[\s'\"`,;:()<>\[\]/]|$")
_QUOTED = re.compile(r"(['\"`])((?:file://)?~?/[^'\"`\n]+)\1")
# Not a URL of another scheme, nor a word with a slash in it.
_BEGIN = re.compile(r"(?<![\w./~-])(?:file://)?~?/(?=\w)")


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
    text = _QUOTED.sub(lambda quoted: f"{quoted[1]}{_shown(quoted[2], own, path.name)}{quoted[1]}", text[:_READ_MAX])
    shown, at = "", 0
    while begin := _BEGIN.search(text, at):
        end = _end(text, begin.end() - 1, own)
        shown += text[at : begin.start()] + _shown(text[begin.start() : end], own, path.name)
        at = end
    return shown + text[at:]


def _shown(found: str, own: list[str], name: str) -> str:
    """A path as the sender may see it. A longer name with the same beginning is another file's."""
    bare = found.removeprefix("file://")
    for known in own:
        rest = bare.removeprefix(known)
        if rest != bare and (not rest or rest.startswith("/")):
            return name + rest
    return _ELSEWHERE


def _end(text: str, begin: int, own: list[str]) -> int:
    """Where a path without quotes ends.

    Names may have blanks, at which such a path seems to end: what exists on the disk is a path, and so are the known ones
    and the folders above them.
    """
    known = [*own, *(str(folder) for path in own for folder in Path(path).parents if " " in str(folder))]
    ends = [begin + len(path) for path in known if text.startswith(path, begin)]
    stops = [stop.start() for stop, _ in zip(_END.finditer(text, begin), range(_ENDS_MAX), strict=False)]
    ends += [stop for stop in stops if os.path.lexists(text[begin:stop])]
    rest = _REST.match(text, max(ends, default=begin))
    return rest.end() if rest else begin
