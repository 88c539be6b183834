"""An engine without models: what the protocol asks of one, decided by the prompt. It runs inside `fake_worker.py`.

Prompts: `wait for PATH` makes steps until the file is there or the job is stopped, having made PATH.begun first;
`print` prints in every way there is, `print much` more than any queue holds;
`out of memory`, `unforeseen`, `disk full`, `leave`, `dead device` fail so; `no frame`
fails with what no reply can hold; `no speed` has no estimate, `no estimate` fails in making one; anything else makes files
at once.
The training `dies` loses its device once the file `now` is there; while `no device` is there, the device is dead to every
query. Models `base` and `other` are there, and pictures of two million pixels fit.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

from concord_workers.core.errors import BeyondDevice, Conflict, ModelInvalid, ModelNotFound, OutOfMemory, TrainingNotFound
from concord_workers.core.job_context import JobContext

WHEN = "2026-01-01T00:00:00.000Z"
PIXELS_MAX = 2048 * 1024
FEATURES = (
    "lora",
    "controlnet",
    "refiner",
    "custom_vae",
    "img2img",
    "inpaint",
    "textual_inversion",
    "upscaler",
    "safety_checker",
    "batch",
)


class FakeTraining:
    """Trainings that run until they are stopped."""

    def __init__(self, emit: Any, folder: Path) -> None:
        self._emit = emit
        self._folder = folder
        self._states: dict[str, str] = {}
        self._device_failed: Any = None

    @property
    def busy(self) -> bool:
        return "running" in self._states.values()

    @property
    def running_id(self) -> str | None:
        return next((name for name, state in self._states.items() if state == "running"), None)

    @property
    def last_progress_seconds(self) -> float | None:
        return 0.0 if self.busy else None

    @property
    def stage(self) -> str | None:
        return None

    def start(self, job: dict[str, Any], training_id: str | None = None, warn: Any = None) -> dict[str, Any]:
        name = job.get("output_name", f"training-{len(self._states)}")
        if name in self._states:
            raise Conflict(f"{name} is taken", field="/output_name")
        self._states[name] = "running"
        members = {"training_id": name, "state": "running", "epoch": 1, "step": 1, "total_steps": 10, "loss": 0.5}
        self._emit({"event": "training_progress", **members})
        if name == "dies":
            threading.Thread(target=self._die, args=(name,), daemon=True).start()
        return {"training_id": name, "state": "queued", "output_path": str(self._folder / "training" / name)}

    def _state(self, training_id: str) -> str:
        if training_id not in self._states:
            raise TrainingNotFound(f"there is no training {training_id}", field="/training_id")
        return self._states[training_id]

    def status(self, training_id: str) -> dict[str, Any]:
        return {
            "training_id": training_id,
            "training_type": "LoRA",
            "state": self._state(training_id),
            "progress": 0.1,
            "epoch": 1,
            "total_epochs": 10,
            "step": 1,
            "total_steps": 10,
            "loss": 0.5,
            "learning_rate": 1e-4,
            "started_at": WHEN,
            "updated_at": WHEN,
        }

    def history(self, training_id: str) -> list[dict[str, Any]]:
        self._state(training_id)
        return [{"step": 1, "epoch": 1, "loss": 0.5, "learning_rate": 1e-4, "recorded_at": WHEN}]

    def stop(self, training_id: str, save_checkpoint: bool = True) -> dict[str, Any]:
        self._state(training_id)
        self._states[training_id] = "paused" if save_checkpoint else "cancelled"
        return {"state": self._states[training_id]}

    def shutdown(self, grace_seconds: float) -> None:
        for name, state in self._states.items():
            if state == "running":
                self._states[name] = "paused"
                (self._folder / f"{name}.paused").touch()

    def _die(self, name: str) -> None:
        """As the real one's thread does: the record is true before the device's failure is told."""
        while not (self._folder / "now").exists():
            threading.Event().wait(0.01)
        self._states[name] = "failed"
        (self._folder / f"{name}.failed").touch()
        self._device_failed(dead_device())

    def abandon(self, error: Any) -> None:
        for name, state in self._states.items():
            if state == "running":
                self._states[name] = "failed"
                (self._folder / f"{name}.abandoned").write_text(error.code)

    def on_device_failure(self, call: Any) -> None:
        self._device_failed = call


class AcceleratorError(RuntimeError):
    """Named as torch's, which is not imported here."""


def dead_device() -> Exception:
    return AcceleratorError("CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported")


class FakeEngine:
    """See core.engine.Engine."""

    def __init__(self, folder: Path, emit: Any) -> None:
        self._folder = folder
        self._pause = threading.Event()
        self._loaded: dict[str, dict[str, Any]] = {}
        self._current: str | None = None
        self._count = 0
        self.training = FakeTraining(emit, folder)

    def memory_stats(self) -> dict[str, int]:
        if (self._folder / "no device").exists():
            raise dead_device()
        return {"vram_used_bytes": 1, "vram_total_bytes": 4, "vram_available_bytes": 3, "ram_used_bytes": 1}

    def memory_used_mb(self) -> float:
        return 1.0

    def peak_memory_used_mb(self) -> float:
        return 2.0

    def current_model(self) -> dict[str, Any] | None:
        return self._loaded.get(self._current) if self._current is not None else None

    def capabilities(self) -> dict[str, Any]:
        return {
            "features": dict.fromkeys(("text2img", *FEATURES), True),
            "supported_schedulers": ["Euler"],
            "supported_formats": ["png"],
            "max_resolution": 2048,
            "max_batch_size": 16,
            "memory_optimizations": [],
            "postprocessing_options": [],
            "loaded_models": list(self._loaded.values()),
            "control_net_types": [],
            "dtypes": ["fp32"],
            "limits": {
                "side_max": 4096,
                "pixels_max": 4194304,
                "batch_size_max": 16,
                "steps_max": 150,
                "clip_skip_max": 11,
                "lcm_steps_max": 50,
                "output_side_max": 16383,
                "output_pixels_max": 67108864,
            },
        }

    def schedulers(self) -> dict[str, Any]:
        row = {"name": "Euler", "description": "e", "diffusers_class": "EulerDiscreteScheduler", "recommended_steps": 25}
        return {"schedulers": [row], "recommended_scheduler": "Euler", "default_steps": {"Euler": 25}}

    def controlnet_types(self) -> dict[str, Any]:
        row = {"name": "canny", "description": "c", "recommended_weight": 1.0, "supported_formats": ["png"]}
        return {"types": [row], "recommended_weights": {"canny": 1.0}}

    def model_info(self, model_id: str | None) -> dict[str, Any]:
        if model_id is not None and model_id not in self._loaded:
            raise ModelNotFound(f"{model_id} is not loaded", field="/model_id")
        return {"models": [row for name, row in self._loaded.items() if model_id in (None, name)]}

    def candidates(self) -> dict[str, list[str]]:
        return {"sdxl": ["base"]}

    def check(self, effective: dict[str, Any]) -> list[Any]:
        violations = []
        for name in ("base", "refiner"):
            reference = effective.get("model", {}).get(name, "base")
            if reference not in ("base", "other"):
                violations.append(ModelNotFound(f"no model {reference}", field=f"/model/{name}"))
        sides = effective["hyperparameters"]["dimensions"]
        if len(sides) == 2 and sides["width"] * sides["height"] > PIXELS_MAX:
            fields = ("/hyperparameters/dimensions/width", "/hyperparameters/dimensions/height")
            violations.append(BeyondDevice("the picture is too large", maximum=PIXELS_MAX, fields=fields))
        return violations

    def predict_warnings(self, effective: dict[str, Any], context: JobContext) -> None:
        if effective.get("model", {}).get("base") == "other":
            context.warn("weights_unused", "other holds 1 weight that belongs to nothing", "/model/base")

    def estimate(self, effective: dict[str, Any]) -> dict[str, Any]:
        if effective["conditioning"]["prompt"] == "no speed":
            raise OutOfMemory("the speed of this device is not known")
        if effective["conditioning"]["prompt"] == "no estimate":
            raise RuntimeError("a secret of the inside")
        return {
            "estimated_vram_usage_mb": 100,
            "estimated_time_seconds": 1.5,
            "detailed_breakdown": {"base_mb": 99.5},
            "basis": "model_sizes",
            "fits": True,
        }

    def optimize(self, normalized: dict[str, Any], effective: dict[str, Any], preferences: dict[str, Any]) -> dict[str, Any]:
        estimate = self.estimate(effective)
        change = {"path": "/scheduler/steps", "from": None, "to": 20, "reason": preferences["priority"]}
        return {
            "optimized_request": {**normalized, "scheduler": {"steps": 20}},
            "changes": [change],
            "estimate_before": estimate,
            "estimate_after": estimate,
        }

    def generate(self, effective: dict[str, Any], context: JobContext) -> dict[str, Any]:
        for violation in self.check(effective):
            raise violation
        self._load(effective["model"]["base"], "sdxl")
        prompt = effective["conditioning"]["prompt"]
        self._behave(prompt, context)
        steps, batch = effective["scheduler"]["steps"], effective["hyperparameters"]["batch_size"]
        context.plan_denoising(steps)
        for step in range(1, steps + 1):
            context.check()
            context.progress("denoising", step, steps)
            context.preview("data:image/png;base64,AA==", step)
        seed = effective["hyperparameters"]["seed"]
        seed = 7 if seed < 0 else seed
        details = [self._write(f"{prompt} {seed + index}", seed + index) for index in range(batch)]
        for index, lora in enumerate(effective["conditioning"]["loras"]):
            if lora["weight"] == 0.5:
                context.warn("no_effect", "half a LoRA", f"/conditioning/loras/{index}/weight", "write 1")
        return {
            "images": [row["path"] for row in details],
            "image_details": details,
            "generation_time_seconds": 0.25,
            "preprocessing_time_seconds": 0.05,
            "postprocessing_time_seconds": 0.05,
            "load_time_seconds": 0.0,
            "memory_used_mb": 2.0,
            "seed_used": seed,
            "features_used": dict.fromkeys(FEATURES, False) | {"batch": batch > 1},
            "scheduler_used": effective["scheduler"]["type"],
            "steps_used": steps,
            "model_id": effective["model"]["base"],
            "device": "cpu",
            "gpu_id": "cpu_0",
            "warnings": [],
        }

    def load_model(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]:
        path = fields["model_path"]
        name = fields.get("model_id", Path(path).stem)
        if name not in ("base", "other"):
            raise ModelNotFound(f"no model at {path}", field="/model_path")
        context.progress("loading", 1, 1)
        self._load(name, fields["model_type"])
        return self._result(name, from_cache=False)

    load_model_to_cache = load_model

    def load_from_cache(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]:
        if fields["model_id"] not in self._loaded:
            raise ModelNotFound(f"{fields['model_id']} is not cached", field="/model_id", hint="load_model_to_cache")
        return self._result(fields["model_id"], from_cache=True)

    def load_sdxl_suite(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]:
        model_id = f"sdxl_{fields['suite_name']}_base"
        self._load(model_id, "sdxl")
        row = {"component_type": "base", "model_id": model_id, "success": True, "model_size_bytes": 8, "load_time_seconds": 0.1}
        return {
            "suite_name": fields["suite_name"],
            "component_results": [row],
            "total_size_bytes": 8,
            "total_load_time_seconds": 0.1,
        }

    cache_sdxl_suite = load_sdxl_suite

    def unload_model(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]:
        wanted = fields.get("model_id")
        if wanted is not None and wanted not in self._loaded:
            raise ModelNotFound(f"{wanted} is not loaded", field="/model_id")
        gone = [name for name in self._loaded if wanted in (None, name)]
        for name in gone:
            del self._loaded[name]
        self._current = next(iter(self._loaded), None)
        return {"model_ids": gone, "freed_bytes": 8 * len(gone)}

    def cleanup_memory(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]:
        return {"freed_gpu_bytes": 0, "freed_ram_bytes": 0}

    def validate_model_files(self, fields: dict[str, Any], context: JobContext, check: Any) -> dict[str, Any]:
        check()
        row = {
            "is_valid": True,
            "format": "safetensors",
            "detected_model_type": "sdxl",
            "tensor_count": 1,
            "dtypes": ["fp32"],
            "file_size_bytes": 8,
            "issues": [],
        }
        return {"results": [{"model_path": path, **row} for path in fields.get("model_paths", ["base"])]}

    def _behave(self, prompt: str, context: JobContext) -> None:
        if prompt.startswith("wait for "):
            self._wait_for(Path(prompt.removeprefix("wait for ")), context)
        elif prompt == "print":
            _print_everywhere()
        elif prompt == "print much":
            _print_much()
        elif prompt == "out of memory":
            raise OutOfMemory("no memory left", details={"free_mb": 1.0})
        elif prompt == "unforeseen":
            raise RuntimeError("a secret of the inside")
        elif prompt == "disk full":
            raise OSError(errno.ENOSPC, "No space left on device")
        elif prompt == "dead device":
            raise dead_device()
        elif prompt == "dead device in a model":
            raise ModelInvalid("base cannot be loaded: CUDA error") from dead_device()
        elif prompt == "no frame":
            raise OutOfMemory("no memory left", details={"an object": object()})
        elif prompt == "leave":
            os._exit(9)
        elif prompt == "deaf":
            context.progress("denoising", 1, 2)
            Path(self._folder, "deaf.begun").touch()
            threading.Event().wait()

    def _wait_for(self, path: Path, context: JobContext) -> None:
        path.with_name(path.name + ".begun").touch()
        step = 0
        while not path.exists():
            context.check()
            step += 1
            context.progress("denoising", step, step + 1)
            self._pause.wait(0.01)

    def _write(self, content: str, seed: int) -> dict[str, Any]:
        self._count += 1
        path = self._folder / f"picture-{os.getpid()}-{self._count}.png"
        path.write_text(content)
        return {
            "path": str(path),
            "width": 64,
            "height": 64,
            "format": "png",
            "bytes": len(content),
            "sha256": hashlib.sha256(content.encode()).hexdigest(),
            "seed": seed,
            "flagged": False,
        }

    def _load(self, name: str, model_type: str) -> None:
        self._loaded[name] = {
            "model_id": name,
            "model_type": model_type,
            "model_path": f"/models/{name}",
            "model_size_bytes": 8,
            "dtype": "fp32",
            "location": "gpu",
            "loaded_at": WHEN,
        }
        self._current = name

    def _result(self, name: str, *, from_cache: bool) -> dict[str, Any]:
        return {
            "model_id": name,
            "load_time_seconds": 0.1,
            "model_size_bytes": 8,
            "gpu_id": "cpu_0",
            "from_cache": from_cache,
            "memory_used_bytes": 8,
        }


def _print_everywhere() -> None:
    """Python, its original stdout, the descriptor itself, a child process and a C library."""
    import ctypes

    print("print() was here")
    if sys.__stdout__ is not None:
        print("sys.__stdout__ was here", file=sys.__stdout__, flush=True)
    os.write(1, b"os.write(1) was here\n")
    subprocess.run([sys.executable, "-c", "print('a child was here')"], check=True)
    library = ctypes.CDLL(None)
    library.puts(b"puts() was here")
    library.fflush(None)


def _print_much() -> None:
    """Far more than a pipe and a queue hold: the log, a warning, print, and a C library past Python."""
    for number in range(20_000):
        logging.getLogger("fake").warning("line %d of the log", number)
    warnings.warn("a warning was here", stacklevel=1)
    print("print() was here")
    for _ in range(1000):
        with contextlib.suppress(OSError):  # C libraries drop what they can not write
            os.write(2, b"os.write(2) was here\n" * 100)
