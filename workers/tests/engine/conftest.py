"""The engine on the tiny models: one device, one loader, one worker for the whole run; a fresh output folder a test."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import pytest
import torch
from PIL import Image

torch.set_num_threads(1)

from core.device_manager import Device
from core.job_context import JobContext
from core.roots import Roots
from core.settings import WorkerSettings
from inference.sdxl_worker import SdxlWorker
from inference.submission_view import SubmissionView
from models.model_loader import ModelLoader

WORKERS = Path(__file__).resolve().parent.parent.parent

DEFAULTS = {
    "model": {"base": "sdxl_base"},
    "scheduler": {"type": "Euler", "steps": 3, "karras_sigmas": False, "timestep_spacing": "leading"},
    "hyperparameters": {
        "guidance_scale": 7.5,
        "seed": 1,
        "dimensions": {"width": 64, "height": 64},
        "batch_size": 1,
        "prompt_weighting": True,
    },
    "conditioning": {
        "prompt": "a photo of a cat",
        "clip_skip": 0,
        "loras": [],
        "control_nets": [],
        "textual_inversions": [],
        "reference_images": [],
    },
    "performance": {"device": "auto", "dtype": "fp32", "optimizations": []},
    "postprocessing": {"safety_checker": False, "upscaler": "none", "output_format": "png", "auto_contrast": False},
    "metadata": {"priority": "normal", "timeout_seconds": 600, "tags": {}},
}


def merge(document: dict, changes: dict) -> dict:
    """The document with the changes' values set, objects merged."""
    merged = copy.deepcopy(document)
    for name, value in changes.items():
        merged[name] = merge(merged[name], value) if isinstance(value, dict) and isinstance(merged.get(name), dict) else value
    return merged


@pytest.fixture(scope="session")
def tiny() -> Path:
    """The tiny models' folder; made if it is not there."""
    root = Path(os.environ.get("CONCORD_TINY_MODELS", WORKERS / ".tiny-models"))
    subprocess.run([sys.executable, str(WORKERS / "tiny_models.py"), str(root)], check=True)
    return root


class Engine:
    """The engine under test with the shortest way to a picture."""

    def __init__(self, tiny: Path, inputs: Path, outputs: Path, **settings) -> None:
        self.settings = WorkerSettings(**settings)
        self.roots = Roots([tiny], [inputs], outputs)
        self.device = Device("cpu_0", "cpu")
        self.loader = ModelLoader(self.device, self.roots, self.settings)
        self.worker = SdxlWorker(self.device, self.loader, self.roots, self.settings)

    def run(self, context: JobContext | None = None, **changes) -> dict:
        """Run the default submission with changes; the reply's data."""
        return self.worker.generate(SubmissionView(merge(DEFAULTS, changes)), context or JobContext())

    def picture(self, **changes) -> np.ndarray:
        """Run it and read the first picture, (height, width, 3) integers."""
        return pixels(self.run(**changes)["images"][0])

    def faults(self, **changes) -> list[tuple[str, str | None]]:
        found = self.worker.check(SubmissionView(merge(DEFAULTS, changes)))
        return [(fault.code, fault.field) for fault in found]


def pixels(path: str) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def difference(one: np.ndarray, other: np.ndarray) -> int:
    """The largest difference of a channel, 0..255."""
    assert one.shape == other.shape
    return int(np.abs(one - other).max())


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
