#!/usr/bin/env python3
"""Replaces the worker that the C# bridge starts: `python main.py --worker pipeline_manager` runs `gateway stdio`.

The gateway replaces this process (exec), so that stdin, stdout, signals and the exit code are the gateway's own.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

VARIABLE = "CONCORD_GATEWAY"


def find_gateway() -> Path:
    """Returns the gateway: the one in CONCORD_GATEWAY, else beside this file, else on PATH. Exits with a message if there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        path = Path(named)
        if is_program(path):
            return path.absolute()
        sys.exit(f"main.py: {VARIABLE} is {named}, which is not an executable file")
    beside = Path(__file__).resolve().parent / "gateway"
    if is_program(beside):
        return beside
    on_path = shutil.which("gateway")
    if on_path:
        return Path(on_path).absolute()
    sys.exit(
        "main.py: no gateway found: "
        f"{VARIABLE} is not set, {beside} does not exist, and PATH has no gateway\n"
        "hint: `cargo build --release -p gateway` builds target/release/gateway; copy it beside this file, "
        f"or set {VARIABLE} to its path"
    )


def is_program(path: Path) -> bool:
    """Whether a path is an executable file."""
    return path.is_file() and os.access(path, os.X_OK)


def main() -> None:
    """Replaces this process with `gateway stdio` and the same flags."""
    gateway = find_gateway()
    try:
        os.execv(gateway, [str(gateway), "stdio", *sys.argv[1:]])
    except OSError as err:
        sys.exit(f"main.py: {gateway} cannot be started: {err}")


if __name__ == "__main__":
    main()
