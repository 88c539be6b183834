"""Exit codes of the process. The gateway decides by them whether it starts the worker again."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """Numbers are those of sysexits.h."""

    ENDED = 0
    # Replies or commands are lost: stdout broke or was not read, or stdin could not be read.
    FAILED = 1
    # EX_SOFTWARE: the device can no longer compute; a new process may.
    CRASHED = 70
    # EX_CONFIG: roots, packages or flags are wrong; no start can succeed until somebody changes them.
    CONFIGURATION = 78
