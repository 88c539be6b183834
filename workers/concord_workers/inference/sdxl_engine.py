"""The real engine: device, models, SDXL and training of one worker, behind the methods that the protocol calls.

Importing it imports torch and diffusers; `main.py` does so in a thread, after the descriptors are claimed.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import diffusers
import torch
import transformers

from concord_workers.conditioning.controlnet import get_controlnet_types
from concord_workers.contract import read_effective, read_partial
from concord_workers.core.device_manager import Device
from concord_workers.core.errors import ContractError
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.job_context import JobContext
from concord_workers.core.roots import Roots
from concord_workers.inference.sdxl_worker import SdxlWorker
from concord_workers.models.model_loader import ModelLoader
from concord_workers.schedulers.scheduler_factory import get_schedulers
from concord_workers.training.manager import TrainingManager
from concord_workers.training.settings import TrainingSettings

__all__ = ["SdxlEngine"]

_COMPONENTS = ("base", "refiner", "vae")
# A measured figure of memory is used for so long: reading it costs more than the rest of a query.
_MEMORY_SECONDS = 0.2


class SdxlEngine:
    """See core.engine.Engine."""

    def __init__(
        self,
        gpu_id: str,
        roots: Roots,
        configured: dict[str, Any],
        emit: Callable[[dict[str, Any]], None],
        *,
        deterministic: bool = False,
    ) -> None:
        _quieten()
        if "threads" in configured:
            torch.set_num_threads(configured["threads"])
        self.device = Device(gpu_id, "cpu" if gpu_id == "cpu_0" else "cuda:0", deterministic=deterministic)
        known = {field.name for field in dataclasses.fields(InferenceSettings)}
        chosen = {name: value for name, value in configured.items() if name in known}
        self.settings = InferenceSettings(**(chosen | {"deterministic": deterministic}))
        self.loader = ModelLoader(self.device, roots, self.settings)
        self.worker = SdxlWorker(self.device, self.loader, roots, self.settings)
        of_training = {
            name.removeprefix("training_"): value for name, value in configured.items() if name.startswith("training_")
        }
        self.training = TrainingManager(self.device, self.loader, roots, TrainingSettings(**of_training), emit)
        self._roots = roots
        self._memory: tuple[float, dict[str, int]] = (0.0, {})

    def memory_stats(self) -> dict[str, int]:
        now = time.monotonic()
        measured, stats = self._memory
        if now - measured > _MEMORY_SECONDS:
            stats = dataclasses.asdict(self.device.memory_stats())
            self._memory = (now, stats)
        return stats

    def memory_used_mb(self) -> float:
        return self.device.allocated_bytes() / 2**20

    def peak_memory_used_mb(self) -> float:
        return max(self.device.highest_peak_mb, self.device.peak_memory_used_mb())

    def current_model(self) -> dict[str, Any] | None:
        current = self.loader.current_model_id
        if current is None:
            return None
        rows = self.loader.get_model_info()["models"]
        return next((row for row in rows if row["model_id"] == current and row["location"] == "gpu"), None)

    def capabilities(self) -> dict[str, Any]:
        return self.worker.capabilities()

    def schedulers(self) -> dict[str, Any]:
        return get_schedulers()

    def controlnet_types(self) -> dict[str, Any]:
        return get_controlnet_types(self.loader, self.settings)

    def model_info(self, model_id: str | None) -> dict[str, Any]:
        return self.loader.get_model_info(model_id)

    def candidates(self) -> dict[str, list[str]]:
        """Models directly under the model roots that a job may name, by their kind."""
        found: dict[str, list[str]] = {}
        for root in self._roots.model_roots:
            for path in sorted(root.iterdir()) if root.is_dir() else []:
                if path.name.startswith(".") or not (path.is_dir() or path.suffix == ".safetensors"):
                    continue
                try:
                    kind = self.loader.describe(str(path)).model_type
                except ContractError:
                    continue  # not a model for a job; validate_model_files lists its faults
                if kind is not None:
                    found.setdefault(kind, []).append(str(path))
        return found

    def check(self, effective: dict[str, Any]) -> list[ContractError]:
        return self.worker.check(read_partial(effective))

    def predict_warnings(self, effective: dict[str, Any], context: JobContext) -> None:
        self.worker.predict_warnings(read_partial(effective), context)

    def estimate(self, effective: dict[str, Any]) -> dict[str, Any]:
        return self.worker.optimizer.estimate(read_effective(effective))

    def optimize(self, normalized: dict[str, Any], effective: dict[str, Any], preferences: dict[str, Any]) -> dict[str, Any]:
        return self.worker.optimizer.optimize(normalized, effective, preferences)

    def generate(self, effective: dict[str, Any], context: JobContext) -> dict[str, Any]:
        # Strict: a value that the reading let through and the schema refuses ends here.
        return self.worker.generate(read_effective(effective), context)

    def load_model(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]:
        return self.loader.load(fields["model_path"], fields["model_type"], fields.get("model_id"), context)

    def load_model_to_cache(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]:
        return self.loader.load_to_cache(fields["model_path"], fields["model_type"], fields.get("model_id"), context)

    def load_from_cache(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]:
        return self.loader.load_from_cache(fields["model_id"], context) | {"from_cache": True}

    def load_sdxl_suite(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]:
        return self.loader.load_suite(fields["suite_name"], _parts(fields), context)

    def cache_sdxl_suite(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]:
        return self.loader.cache_suite(fields["suite_name"], _parts(fields), context)

    def unload_model(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]:
        return self.loader.unload(fields.get("model_id"))

    def cleanup_memory(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]:
        return self.worker.cleanup()

    def validate_model_files(self, fields: dict[str, Any], context: JobContext, check: Callable[[], None]) -> dict[str, Any]:
        return self.loader.validate_model_files(
            fields.get("model_paths"), fields.get("suite"), fields.get("deep", False), context, check
        )


def _parts(fields: dict[str, Any]) -> dict[str, str]:
    """Component of a suite → its path, in the order of loading."""
    named = {component: fields.get(f"{component}_model_path") for component in _COMPONENTS}
    return {component: path for component, path in named.items() if path is not None}


def _quieten() -> None:
    """Turns off progress bars and notes of the libraries: they would fill the log."""
    diffusers.utils.logging.disable_progress_bar()
    diffusers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
