"""The engine on the tiny models: one device, one loader, one worker for the whole run; a fresh output folder a test."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import pytest
import torch
from PIL import Image

torch.set_num_threads(1)

from bench import Engine


@pytest.fixture(scope="session")
def inputs(tmp_path_factory) -> Path:
    """A root with input images: init.png, mask.png (a white square), shapes.png, each 64x64."""
    folder = tmp_path_factory.mktemp("inputs")
    ramp = np.zeros((64, 64, 3), dtype=np.uint8)
    ramp[..., 0] = np.arange(64) * 4
    ramp[..., 1] = (np.arange(64) * 3)[:, None]
    ramp[..., 2] = 60
    Image.fromarray(ramp).save(folder / "init.png")
    mask = np.zeros((64, 64), dtype=np.uint8)
    mask[16:48, 16:48] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    shapes = np.zeros((64, 64, 3), dtype=np.uint8)
    shapes[20:44, 12:52] = 255
    Image.fromarray(shapes).save(folder / "shapes.png")
    return folder


@pytest.fixture(scope="session")
def engine(tiny, inputs, tmp_path_factory) -> Engine:
    return Engine(tiny, inputs, tmp_path_factory.mktemp("outputs"))


@pytest.fixture(scope="session")
def plain(engine) -> np.ndarray:
    """The default submission's picture."""
    return engine.picture()
