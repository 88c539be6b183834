"""Fixtures of the tests of training."""

from __future__ import annotations

from pathlib import Path

import pytest
from training_lab import WAIT_SECONDS, Lab, fill


@pytest.fixture(scope="session")
def models(tiny) -> Path:
    return tiny


@pytest.fixture
def make_lab(models):
    """Makes labs: `make_lab(root, **settings)`; all are left when the test is over."""
    made: list[Lab] = []

    def make(root: Path, **settings) -> Lab:
        made.append(Lab(root, models, **settings))
        return made[-1]

    yield make
    for lab in made:
        lab.manager.shutdown(WAIT_SECONDS)


@pytest.fixture
def lab(tmp_path, make_lab):
    """A worker with the data set `cats`."""
    lab = make_lab(tmp_path)
    fill(lab.inputs / "cats")
    return lab
