"""Whether a folder of tiny models is up to date; without torch, which takes seconds to import."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["STAMP", "is_current", "version"]

STAMP = ".version"


def version() -> str:
    """Which models these are: a hash of the files that make them."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for name in ("tiny_models.py", "tiny_layouts.py", "concord_workers/models/sdxl_config.py"):
        digest.update((here / name).read_bytes())
    return digest.hexdigest()


def is_current(root: Path) -> bool:
    stamp = root / STAMP
    return stamp.is_file() and stamp.read_text() == version()
