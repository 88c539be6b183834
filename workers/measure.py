"""Measures what the README's table says about the worker's engine, on this machine; prints one JSON object.

    .venv/bin/python measure.py [TINY_MODELS] [--megabytes 500]

cold_load_seconds, cached_load_seconds: a generated `.safetensors` file, its pages dropped before each cold run; medians
of five. step_seconds, progress_seconds_per_step: a job on the tiny base without and with a progress event a step.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from safetensors.torch import save_file

from concord_workers.contract import read_effective
from concord_workers.core.device_manager import Device
from concord_workers.core.effective import effective
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.job_context import JobContext, Progress
from concord_workers.core.roots import Roots
from concord_workers.inference.sdxl_worker import SdxlWorker
from concord_workers.models.model_loader import ModelLoader

_SUBMISSION: dict[str, Any] = {
    "model": {"base": "sdxl_base"},
    "scheduler": {"type": "Euler", "steps": 50},
    "hyperparameters": {
        "guidance_scale": 7.5,
        "seed": 1,
        "dimensions": {"width": 64, "height": 64},
        "batch_size": 1,
        "prompt_weighting": True,
    },
    "conditioning": {"prompt": "a photo of a cat"},
    "postprocessing": {"output_format": "png"},
}


def _median(measure: Callable[[], float], times: int = 5) -> float:
    return statistics.median(measure() for _ in range(times))


def _loads(scratch: Path, megabytes: int) -> dict[str, float]:
    count = max(megabytes // 16, 1)
    file = scratch / "large.safetensors"
    save_file({f"unet.layer{n}.lora_A.weight": torch.ones(1024, 4096) for n in range(count)}, file)
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
    loader = ModelLoader(Device("cpu_0", "cpu"), Roots([scratch], [], scratch / "out"), InferenceSettings())

    def cold() -> float:
        loader.unload()
        loader.cache.drop("large")
        with file.open("rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return float(loader.load("large", "lora")["load_time_seconds"])

    def cached() -> float:
        loader.unload()
        loader.load_to_cache("large", "lora")
        return float(loader.load_from_cache("large")["load_time_seconds"])

    return {
        "file_megabytes": file.stat().st_size / 2**20,
        "cold_load_seconds": _median(cold),
        "cached_load_seconds": _median(cached),
    }


def _steps(tiny: Path, scratch: Path) -> dict[str, float]:
    device, roots, settings = Device("cpu_0", "cpu"), Roots([tiny], [], scratch / "out"), InferenceSettings()
    worker = SdxlWorker(device, ModelLoader(device, roots, settings), roots, settings)
    sink = (scratch / "events").open("w", encoding="utf-8")
    spent = 0.0

    def write(event: Progress) -> None:
        nonlocal spent
        began = time.perf_counter()
        sink.write(json.dumps({"event": "progress", **vars(event)}) + "\n")
        sink.flush()
        spent += time.perf_counter() - began

    submission = read_effective(effective("PromptSubmission", _SUBMISSION, "cpu"))
    steps = _SUBMISSION["scheduler"]["steps"]
    worker.generate(submission, JobContext())
    quiet = _median(lambda: float(worker.generate(submission, JobContext())["generation_time_seconds"]))
    spent = 0.0
    runs = 5
    for _ in range(runs):
        worker.generate(submission, JobContext(on_progress=write))
    sink.close()
    per_step = spent / (runs * steps)
    return {
        "step_seconds": quiet / steps,
        "progress_seconds_per_step": per_step,
        "progress_share_of_a_step": per_step / (quiet / steps),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tiny", nargs="?", type=Path, default=Path(__file__).parent / ".tiny-models")
    parser.add_argument("--megabytes", type=int, default=500)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        print(json.dumps(_loads(scratch, arguments.megabytes) | _steps(arguments.tiny.resolve(), scratch), indent=1))


if __name__ == "__main__":
    main()
