"""The SDXL engine of one device: its capabilities, the checks of a submission, and its pictures.

A submission comes with its defaults applied. Any failure leaves the worker ready for the next job.
"""

from __future__ import annotations

import gc
import traceback
from typing import Any

from concord_workers.conditioning.controlnet import available_types
from concord_workers.conditioning.lora import strip_loras
from concord_workers.contract.generated.submission import EffectiveSubmission, PartialSubmission
from concord_workers.core.device_failure import is_device_failure
from concord_workers.core.device_manager import Device, is_out_of_memory
from concord_workers.core.errors import ContractError, raise_all
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.job_context import JobContext
from concord_workers.core.roots import Roots
from concord_workers.core.tables import limit, names
from concord_workers.inference.conditioning_checks import clip_skip_max
from concord_workers.inference.cost_model import Measurement
from concord_workers.inference.foreseen import warn_of_unused
from concord_workers.inference.job_images import predict_images_warnings
from concord_workers.inference.job_models import JobModels, take_models
from concord_workers.inference.job_run import FEATURES, JobRun
from concord_workers.inference.memory_optimizer import MemoryOptimizer
from concord_workers.inference.plan import violations_of
from concord_workers.models.device_models import LoadedModel
from concord_workers.models.model_facts import FAMILY
from concord_workers.models.model_loader import ModelLoader
from concord_workers.postprocessing.safety_checker import has_checker
from concord_workers.postprocessing.upscaler import available_upscalers
from concord_workers.schedulers.scheduler_factory import original_steps_max, scheduler_names

__all__ = ["SdxlWorker"]

# Models whose modules a job changes or casts; the others are only read.
_CHANGED_BY_JOBS = frozenset({"sdxl", "sdxl_refiner", "vae", "controlnet"})


class SdxlWorker:
    """The SDXL engine of one device. `generate` runs in one thread; the rest may be asked from others."""

    def __init__(
        self,
        device: Device,
        loader: ModelLoader,
        roots: Roots,
        settings: InferenceSettings,
        optimizer: MemoryOptimizer | None = None,
    ) -> None:
        self.device = device
        self.loader = loader
        self.roots = roots
        self.settings = settings
        self._run = JobRun(device, roots, settings, self._evict_idle)
        self.optimizer = optimizer or MemoryOptimizer(device, loader, settings)

    def check(self, submission: PartialSubmission) -> list[ContractError]:
        """Every violation of the submission on this worker; nothing is loaded."""
        violations = violations_of(submission, self.device, self.loader, self.roots, self.settings)
        return violations + self.optimizer.limit_violations(submission)

    def predict_warnings(self, submission: PartialSubmission, context: JobContext) -> None:
        """Adds the warnings that running the submission will add about its model files and images; no model is loaded."""
        warn_of_unused(submission, self.loader, self.settings, context)
        predict_images_warnings(submission, self.roots, context)

    def capabilities(self) -> dict[str, Any]:
        """The engine's share of WorkerCapabilities: all members but gpu_id, device_name, memory_stats and actions."""
        current = self.loader.current_model()
        bounds = self.optimizer.limits()
        bounds["clip_skip_max"] = (
            clip_skip_max(current.facts) if current is not None else limit("Conditioning/clip_skip", "maximum")
        )
        bounds["lcm_steps_max"] = original_steps_max()
        upscalers = available_upscalers(self.loader, self.settings)
        checker = has_checker(self.loader, self.settings)
        features = dict.fromkeys(("text2img", *FEATURES), True) | {"safety_checker": checker, "upscaler": bool(upscalers)}
        return {
            "features": features,
            "supported_schedulers": scheduler_names(),
            "supported_formats": names("OutputFormat"),
            "max_resolution": self.optimizer.square_side_max(bounds["pixels_max"]),
            "max_batch_size": bounds["batch_size_max"],
            "memory_optimizations": self.device.optimizations,
            "postprocessing_options": ["auto_contrast", *(["safety_checker"] if checker else []), *upscalers],
            "loaded_models": self.loader.get_model_info()["models"],
            "control_net_types": available_types(self.loader, self.settings),
            "dtypes": self.device.dtypes,
            "families": [FAMILY],
            "limits": bounds,
        }

    def generate(self, submission: EffectiveSubmission, context: JobContext) -> dict[str, Any]:
        """Run a job; SDXLResult without session_id. A seed of −1 is replaced by a chosen one.

        Raises the violations of `check`, ModelInvalid, ImageInvalid, OutOfMemory, and the errors of `context.check`.
        """
        self.device.reset_peak()
        raise_all(self.check(submission))
        context.check()
        try:
            result, measurement = self._attempt(submission, context)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            failure = self.device.out_of_memory(error, "making pictures")
            traceback.clear_frames(error.__traceback__)  # the frames hold the tensors that filled the memory
            self._give_back()
            if not self._evict_idle(context):
                raise failure from error
            result, measurement = self._attempt_again(submission, context)
        self.optimizer.record(measurement)
        result["memory_used_mb"] = self.device.peak_memory_used_mb()
        result["warnings"] = [warning.message for warning in context.warnings]
        return result

    def cleanup(self) -> dict[str, Any]:
        """`cleanup_memory`."""
        for model in self.loader.on_device.all():
            if model.model_type == "sdxl":
                strip_loras(model.value, model.extras)
                model.extras.clear()
        return self.optimizer.cleanup()

    def bare_base(self, reference: str, dtype: str, context: JobContext) -> Any:
        """A base pipeline on the device without any LoRA, for training. Raises as loading does."""
        located = self.loader.resolve(reference)
        model, _, _ = self.loader.acquire(located, "sdxl", dtype, context, offload=False, suite=None, field=None)
        strip_loras(model.value, model.extras)
        return model.value

    def _attempt(self, submission: EffectiveSubmission, context: JobContext) -> tuple[dict[str, Any], Measurement]:
        """Runs the job once. After an error its models are whole, or off the device."""
        models: JobModels | None = None
        with self.loader.lease(context) as lease:
            try:
                models = take_models(submission, self.device, self.loader, self.settings, lease, context)
                gone = self.loader.on_device.make_room_to_work(self.optimizer.bytes_to_work(submission), "the job's own work")
                self._note_evicted(gone, context)
                result, measurement = self._run.run(submission, models, context)
            except ContractError:
                raise
            except Exception as error:
                # Out of memory after all changes were made: they were undone, and the modules are intact. Otherwise they may
                # be half changed (a LoRA half added, a VAE half cast), and the next job loads them anew. A device that
                # can no longer compute frees nothing.
                intact = models is not None and not models.changing and is_out_of_memory(error)
                if not intact and not is_device_failure(error):
                    traceback.clear_frames(error.__traceback__)
                    self._drop(lease.models)
                raise
            result["load_time_seconds"] = lease.load_seconds
            return result, measurement

    def _attempt_again(self, submission: EffectiveSubmission, context: JobContext) -> tuple[dict[str, Any], Measurement]:
        """The second and last attempt, after idle models were evicted. Raises OutOfMemory where that was not enough."""
        try:
            return self._attempt(submission, context)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            failure = self.device.out_of_memory(error, "making pictures, with no other model on the device")
            traceback.clear_frames(error.__traceback__)
            self._give_back()
            raise failure from error

    def _evict_idle(self, context: JobContext) -> list[str]:
        gone = self.loader.on_device.evict_idle("a job that ran out of memory")
        self._note_evicted(gone, context)
        return gone

    def _note_evicted(self, gone: list[str], context: JobContext) -> None:
        if gone:
            names = ", ".join(gone)
            context.warn("model_swapped", f"{names} left the device to make room for the job's own work", "/model/base")

    def _drop(self, models: list[LoadedModel]) -> None:
        """Takes models that a job may have changed off the device, under all of their ids."""
        for model in models:
            if model.model_type in _CHANGED_BY_JOBS and any(model is other for other in self.loader.on_device.all()):
                self.loader.on_device.remove(model)
        self._give_back()

    def _give_back(self) -> None:
        gc.collect()
        self.device.empty_cache()
