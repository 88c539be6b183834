"""The tiny models, which all rooms of tests read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tiny_stamp import is_current

WORKERS = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def tiny() -> Path:
    """The tiny models' folder; made if it is not up to date."""
    root = Path(os.environ.get("CONCORD_TINY_MODELS", WORKERS / ".tiny-models"))
    if not is_current(root):
        subprocess.run([sys.executable, str(WORKERS / "tiny_models.py"), str(root)], check=True)
    return root
