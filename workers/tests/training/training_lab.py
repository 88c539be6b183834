"""A data set, a tiny base and a manager for the tests of training; all on the CPU, on one thread."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from diffusers.utils import logging as diffusers_logging
from PIL import Image, ImageDraw
from transformers.utils import logging as transformers_logging

from concord_workers.core.device_manager import Device
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.roots import Roots
from concord_workers.models.device_models import DeviceModels
from concord_workers.models.model_loader import ModelLoader
from concord_workers.training import TrainingManager, TrainingSettings
from concord_workers.training.run import TrainingRun

WORKERS = Path(__file__).parents[2]
WAIT_SECONDS = 60

torch.set_num_threads(1)
diffusers_logging.disable_progress_bar()
transformers_logging.disable_progress_bar()


class Gate:
    """reached: the training waits here. opened: it may go on."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()


class Lab:
    """One worker's training room over a folder of its own. on_device: models that labs share, which none of them changes."""

    def __init__(self, root: Path, models: Path, on_device: DeviceModels | None = None, **settings) -> None:
        self.root = root
        self.inputs = root / "inputs"
        self.output = root / "outputs"
        self.inputs.mkdir(exist_ok=True)
        self.device = Device("cpu_0", "cpu")
        self.roots = Roots([models], [self.inputs], self.output)
        self.loader = ModelLoader(self.device, self.roots, InferenceSettings())
        if on_device is not None:
            self.loader.on_device = on_device
        self.events: list[dict] = []
        self.watchers: list = []
        settings = {"fixed_noise": True, "validation_steps": 2, **settings}
        self.manager = TrainingManager(self.device, self.loader, self.roots, TrainingSettings(**settings), self._emit)

    def _emit(self, event: dict) -> None:
        self.events.append(event)
        for watcher in list(self.watchers):
            watcher(event)

    def run(self, training_id: str) -> TrainingRun:
        return next(run for run in self.manager._runs if run.record.training_id == training_id)

    def hold_at(self, step: int, state: str = "running") -> Gate:
        """Holds the training's thread in its event of a step, until the gate is opened."""
        gate = Gate()

        def hold(event: dict) -> None:
            if event["step"] == step and event["state"] == state and not gate.opened.is_set():
                gate.reached.set()
                assert gate.opened.wait(WAIT_SECONDS)

        self.watchers.append(hold)
        return gate

    def stop_at(self, gate: Gate, training_id: str, save_checkpoint: bool) -> dict:
        """Stops a training that is held at a gate: it does no further step. Raises what `stop` raises."""
        assert gate.reached.wait(WAIT_SECONDS)
        with ThreadPoolExecutor(1) as pool:
            stopping = pool.submit(self.manager.stop, training_id, save_checkpoint)
            assert self.run(training_id).control.asked.wait(WAIT_SECONDS)
            gate.opened.set()
            return stopping.result(WAIT_SECONDS)

    def start(self, **job) -> str:
        return self.manager.start(job)["training_id"]

    def wait(self, training_id: str) -> dict:
        """Waits until a training has ended; its status."""
        for run in list(self.manager._runs):
            if run.record.training_id == training_id:
                assert run.control.ended.wait(WAIT_SECONDS), f"training {training_id} does not end: {run.status()}"
        return self.manager.status(training_id)

    def losses(self, training_id: str) -> list[float]:
        return [row["loss"] for row in self.manager.history(training_id)]


def picture(index: int) -> Image.Image:
    image = Image.new("RGB", (96, 80), (30 * index, 80, 160))
    ImageDraw.Draw(image).ellipse((20 + 4 * index, 16, 60, 60), fill=(220, 40 * index, 30))
    return image


def fill(folder: Path, count: int = 4, caption: str | None = "a photo of a <obj> cat") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        picture(index).save(folder / f"{index}.png")
        if caption is not None:
            (folder / f"{index}.txt").write_text(caption)
    return folder


JOBS = {
    "lora": {"training_type": "LoRA", "hyperparameters": {"rank": 4, "alpha": 8, "learning_rate": 1e-2}},
    "dreambooth": {
        "training_type": "DreamBooth",
        "instance_prompt": "a photo of sks dog",
        "hyperparameters": {"rank": 4, "alpha": 4, "learning_rate": 1e-2},
    },
    "dreambooth_full": {
        "training_type": "DreamBooth",
        "instance_prompt": "a photo of sks dog",
        "dreambooth_mode": "full",
        "hyperparameters": {"learning_rate": 1e-3},
    },
    "inversion": {
        "training_type": "Textual Inversion",
        "placeholder_token": "<obj>",
        "initializer_token": "cat",
        "hyperparameters": {"learning_rate": 1e-1},
    },
}

# For sweeps. A DreamBooth of an adapter is a LoRA with an instance prompt, and goes the LoRA's way but for that.
KINDS = [pytest.param(kind, marks=pytest.mark.long) if kind == "dreambooth" else kind for kind in JOBS]


def job(kind: str, /, *, data: str = "cats", base: str = "sdxl_base", hyperparameters: dict | None = None, **fields) -> dict:
    """A canonical job on the tiny base: 64 pixels, 2 pictures a step, seed 7."""
    own = JOBS[kind]
    numbers = {
        "resolution": 64,
        "batch_size": 2,
        "seed": 7,
        "max_steps": 10,
        **own["hyperparameters"],
        **(hyperparameters or {}),
    }
    return {**own, "base_model": base, "training_data": data, **fields, "hyperparameters": numbers}
