"""The files of one model: its folder with links followed, or a single file with the configuration folder beside it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from concord_workers.core.errors import ModelInvalid

__all__ = ["config_beside", "files_of", "stamp"]

# What the system says of a link to nothing, to itself, or through a file.
_LEADS_NOWHERE = (errno.ENOENT, errno.ELOOP, errno.ENOTDIR)


def config_beside(file: Path) -> Path:
    """The folder that holds the configuration of a single-file model, where there is one."""
    return file.with_name(f"{file.stem}.config")


def files_of(model: Path) -> Iterator[tuple[str, Path]]:
    """Name within the model → path, of the model itself and of every file and folder that a load of it may read.

    A link comes before what lies behind it, so that a caller can stop at one that leads out of the roots. A link that
    leads nowhere comes too.
    """
    # A folder is entered once, and none that the model itself lies in: links may lead in a circle.
    entered = {str(folder) for folder in Path(os.path.realpath(model)).parents}  # resolve() raises for a link to itself
    yield from _tree("", model, entered)
    if not model.is_dir() and (beside := config_beside(model)).exists():
        yield from _tree(".config", beside, entered)


def _tree(name: str, path: Path, entered: set[str]) -> Iterator[tuple[str, Path]]:
    yield name, path
    real = os.path.realpath(path)
    if not os.path.isdir(real) or real in entered:
        return
    entered.add(real)
    try:
        inside = sorted(os.listdir(path))
    except PermissionError:
        return  # the loader, which lists folders as the same user, finds nothing in it either
    for entry in inside:
        yield from _tree(f"{name}/{entry}" if name else entry, path / entry, entered)


def stamp(path: Path) -> tuple[int, ...]:
    """Changes when a file is replaced, or a link leads to another folder; empty for a link that leads nowhere.

    Raises ModelInvalid for a pipe, a device or a socket: reading one may block for ever.
    """
    try:
        found = path.stat()
    except OSError as error:
        if error.errno in _LEADS_NOWHERE:
            return ()
        raise
    if stat.S_ISDIR(found.st_mode):
        return (found.st_dev, found.st_ino)  # its time changes with files that have stamps of their own
    if not stat.S_ISREG(found.st_mode):
        raise ModelInvalid(f"{path.name} is no regular file")
    return (found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino)
