#!/usr/bin/env python3
"""Stands where the C# bridge looks for its worker: `python main.py --worker pipeline_manager` becomes `gateway stdio`.

It becomes the gateway's process itself (exec), so that stdin, stdout, signals and the exit code are the gateway's own.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

VARIABLE = "CONCORD_GATEWAY"


def find_gateway() -> Path:
    """The gateway: named by CONCORD_GATEWAY, beside this file, or on PATH. Exits with a sentence where there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        path = Path(named)
        if is_program(path):
            return path.absolute()
        sys.exit(f"main.py: {VARIABLE} is {named}, which is no program")
    beside = Path(__file__).resolve().parent / "gateway"
    if is_program(beside):
        return beside
    on_path = shutil.which("gateway")
    if on_path:
        return Path(on_path).absolute()
    sys.exit(
        "main.py: no gateway found: neither "
        f"{VARIABLE} names one, nor is there {beside}, nor is one on PATH\n"
        "hint: `cargo build --release -p gateway` makes target/release/gateway; copy it beside this file, "
        f"or set {VARIABLE} to its path"
    )


def is_program(path: Path) -> bool:
    """Whether a path is a file that may be executed."""
    return path.is_file() and os.access(path, os.X_OK)


def main() -> None:
    """Becomes `gateway stdio` with the same flags."""
    gateway = find_gateway()
    try:
        os.execv(gateway, [str(gateway), "stdio", *sys.argv[1:]])
    except OSError as err:
        sys.exit(f"main.py: {gateway} cannot be started: {err}")


if __name__ == "__main__":
    main()
