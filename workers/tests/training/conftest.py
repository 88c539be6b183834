"""Fixtures of the tests of training."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from training_lab import WAIT_SECONDS, WORKERS, Lab, fill


@pytest.fixture(scope="session")
def models() -> Path:
    """The tiny model root; made if it is not up to date."""
    root = Path(os.environ.get("CONCORD_TINY_MODELS", WORKERS / ".tiny-models"))
    subprocess.run([sys.executable, WORKERS / "tiny_models.py", root], check=True, capture_output=True)
    return root


@pytest.fixture
def lab(tmp_path, models):
    lab = Lab(tmp_path, models)
    fill(lab.inputs / "cats")
    yield lab
    lab.manager.shutdown(WAIT_SECONDS)
