"""Fixtures of the tests of training."""

from __future__ import annotations

from pathlib import Path

import pytest
from training_lab import WAIT_SECONDS, Lab, fill

from concord_workers.core.device_manager import Device
from concord_workers.models.device_models import DeviceModels


@pytest.fixture(scope="session")
def models(tiny) -> Path:
    return tiny


@pytest.fixture(scope="session")
def on_device() -> DeviceModels:
    """The models of all labs: a training leaves its base as it was, so that it is loaded once."""
    device = Device("cpu_0", "cpu")
    return DeviceModels(device, device.memory_stats().vram_total_bytes)


@pytest.fixture
def make_lab(models, on_device):
    """Makes labs: `make_lab(root, **settings)`; all are left when the test is over."""
    made: list[Lab] = []

    def make(root: Path, **settings) -> Lab:
        made.append(Lab(root, models, on_device, **settings))
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
