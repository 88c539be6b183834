"""The engine under test, with the shortest way to a picture, and what compares pictures."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
from PIL import Image

from concord_workers.contract import read_effective, read_partial
from concord_workers.contract.generated.submission import EffectiveSubmission
from concord_workers.core.device_manager import Device
from concord_workers.core.effective import effective
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.job_context import JobContext
from concord_workers.core.roots import Roots
from concord_workers.inference.sdxl_worker import SdxlWorker
from concord_workers.models.model_loader import ModelLoader

# Parts of submissions that tests add, with files of `inputs` and of the tiny models.
LORA = {"name": "lora_style", "weight": 1}
NET = {"type": "canny", "image": "init.png", "weight": 1, "guidance_start": 0, "guidance_end": 1, "preprocess": False}
INIT = {"conditioning": {"init_image": "init.png"}, "hyperparameters": {"strength": 0.7}}
MASKED = {"conditioning": {"init_image": "init.png", "inpaint_mask": "mask.png"}, "hyperparameters": {"strength": 0.7}}

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
    """The document with the changes' values set, objects merged; a value of None takes the member out."""
    merged = copy.deepcopy(document)
    for name, value in changes.items():
        if value is None:
            merged.pop(name, None)
            continue
        merged[name] = merge(merged[name], value) if isinstance(value, dict) and isinstance(merged.get(name), dict) else value
    return merged


def submission_of(document: dict) -> EffectiveSubmission:
    """The document as a job gets it: with the defaults that hang on its other members, and typed."""
    return read_effective(effective("PromptSubmission", document, "cpu"))


class Engine:
    """The engine under test with the shortest way to a picture."""

    def __init__(self, tiny: Path, inputs: Path, outputs: Path, **settings) -> None:
        self.settings = InferenceSettings(**settings)
        self.roots = Roots([tiny], [inputs], outputs)
        self.device = Device("cpu_0", "cpu")
        self.loader = ModelLoader(self.device, self.roots, self.settings)
        self.worker = SdxlWorker(self.device, self.loader, self.roots, self.settings)

    def run(self, context: JobContext | None = None, **changes) -> dict:
        """Run the default submission with changes; the reply's data."""
        return self.worker.generate(submission_of(merge(DEFAULTS, changes)), context or JobContext())

    def picture(self, **changes) -> np.ndarray:
        """Run it and read the first picture, (height, width, 3) integers."""
        return pixels(self.run(**changes)["images"][0])

    def violations(self, **changes) -> list[tuple[str, str | None]]:
        found = self.worker.check(read_partial(merge(DEFAULTS, changes)))
        return [(violation.code, violation.field) for violation in found]


def pixels(path: str) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def difference(one: np.ndarray, other: np.ndarray) -> int:
    """The largest difference of a channel, 0..255."""
    assert one.shape == other.shape
    return int(np.abs(one - other).max())
