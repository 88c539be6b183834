"""Gives a finished file its name without overwriting another file."""

from __future__ import annotations

import errno
import os
from pathlib import Path

__all__ = ["publish"]

# Errors of file systems without hard links: exFAT, many FUSE, SMB and object mounts, some volumes of containers.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES, errno.EXDEV})


def publish(beside: Path, path: Path) -> None:
    """Moves a whole file from beside its place to it. Raises FileExistsError where the name is taken, and OSError.

    A link fails where the name is taken; a rename would overwrite. Without links, an empty file made with O_EXCL takes the
    name first and is then replaced by the finished file, so that no file of another writer is overwritten.
    """
    try:
        os.link(beside, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        try:
            os.replace(beside, path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return
    beside.unlink()
