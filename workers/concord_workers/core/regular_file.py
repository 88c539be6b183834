"""Opens the files that a request names: regular files only."""

from __future__ import annotations

import errno
import os
import stat

__all__ = ["only_regular"]


def only_regular(path: str, flags: int) -> int:
    """An `opener` for `open` that raises OSError for a pipe, a device or a socket: reading one may block for ever."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", path)
    return descriptor
