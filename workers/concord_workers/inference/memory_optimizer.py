"""Estimates of jobs, changed jobs that fit, the limits of this device, and the freeing of memory."""

from __future__ import annotations

import copy
import ctypes
import gc
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch

from concord_workers.conditioning.controlnet import model_for_type
from concord_workers.contract import read_effective
from concord_workers.contract.generated.submission import EffectiveSubmission, PartialSubmission
from concord_workers.core.device_manager import Device
from concord_workers.core.errors import BeyondDevice, ContractError
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.memory import resident_bytes
from concord_workers.core.tables import limit, names, rule_maximum
from concord_workers.inference.cost_model import CostModel, Finish, Measurement, Shape
from concord_workers.inference.decode import TILE_SIDE
from concord_workers.inference.plan import dtype_of
from concord_workers.models.facts import describe
from concord_workers.models.model_facts import ModelFacts, bytes_of_number
from concord_workers.models.model_loader import ModelLoader
from concord_workers.postprocessing.upscaler import needs_net
from concord_workers.schedulers.scheduler_factory import calls_of, recommended_steps

__all__ = ["Measurement", "MemoryOptimizer"]

_MIB = 2**20
# Optimisations that save memory and change no pixel → the reason in a change.
_LOSSLESS = {"vae_slicing": "decoding picture by picture takes less memory"}
# Those that save memory and change pixels: each tile is decoded without the others' colours.
_LOSSY = {"vae_tiling": "decoding tile by tile takes less memory, and colours may differ a little from tile to tile"}
# Those that cost time. `attention_slicing` saves nothing: the attention here keeps no matrix that could be sliced.
_SLOWER = ("vae_slicing", "vae_tiling", "attention_slicing")
_OPTIMIZATIONS = ("performance", "optimizations")
_STEPS = ("scheduler", "steps")
_OFFLOADS = ("model_cpu_offload", "sequential_cpu_offload")


class MemoryOptimizer:
    """Estimates and changes jobs. Thread safe: queries call it while a job runs."""

    def __init__(self, device: Device, loader: ModelLoader, settings: InferenceSettings) -> None:
        self.device = device
        self.loader = loader
        self.settings = settings
        self.costs = CostModel(device)

    def record(self, measurement: Measurement) -> None:
        """Adds the measurement of a job that has ended."""
        self.costs.record(measurement)

    # Estimates

    def estimate(self, submission: EffectiveSubmission) -> dict[str, Any]:
        """`get_performance_estimate` of an effective submission.

        Raises ModelNotFound, ModelInvalid, PathNotAllowed, and OutOfMemory where the throughput is unknown."""
        parts = self._models_of(submission)
        base = parts["base"]
        dtype = dtype_of(submission, self.device)
        shape = _shape_of(submission, parts)
        weights = {name: facts.bytes_at(dtype) for name, facts in parts.items()}
        on_device = self._weights_on_device(weights, base, dtype, shape)
        unet, decoding = self.costs.activation_bytes(base, dtype, shape, parts.get("vae"))
        peak = on_device + max(unet, decoding)
        seconds, measured = self.costs.seconds(parts, dtype, shape)
        total = seconds["preprocessing_seconds"] + seconds["denoising_seconds"] + seconds["postprocessing_seconds"]
        breakdown = {f"{name}_mb": round(size / _MIB, 3) for name, size in weights.items()}
        breakdown |= {
            "weights_on_device_mb": round(on_device / _MIB, 3),
            "activations_mb": round(unet / _MIB, 3),
            "decoding_mb": round(decoding / _MIB, 3),
            "model_calls": shape.calls,
        }
        return {
            "estimated_vram_usage_mb": math.ceil(peak / _MIB),
            "estimated_time_seconds": total,
            "detailed_breakdown": breakdown | seconds,
            "basis": "measured" if measured else "model_sizes",
            "fits": peak <= self.device.capacity_bytes() and on_device <= self.loader.on_device.budget_bytes,
        }

    def bytes_to_work(self, submission: EffectiveSubmission) -> int:
        """Bytes that a submission needs on the device beside the models that stay there, by the estimate."""
        parts = self._models_of(submission)
        base, dtype, shape = parts["base"], dtype_of(submission, self.device), _shape_of(submission, parts)
        work = max(self.costs.activation_bytes(base, dtype, shape, parts.get("vae")))
        if not shape.optimizations & set(_OFFLOADS):
            return work
        # Offloaded weights are on the device while they run, and do not count among the models that stay.
        weights = {name: facts.bytes_at(dtype) for name, facts in parts.items()}
        return work + self._weights_on_device(weights, base, dtype, shape)

    def _models_of(self, submission: EffectiveSubmission) -> dict[str, ModelFacts]:
        """The models that take part, by their roles in the job."""
        model, conditioning, post = submission.model, submission.conditioning, submission.postprocessing
        find = self.loader.describe
        parts = {"base": find(model.base, "/model/base")}
        others = {
            "refiner": model.refiner,
            "vae": model.vae,
            "text_encoder": model.text_encoder,
            "text_encoder_2": model.text_encoder_2,
        }
        for name, reference in others.items():
            if reference is not None:
                parts[name] = find(reference, f"/model/{name}")
        for index, lora in enumerate(conditioning.loras):
            if lora.weight != 0:
                parts[f"lora_{index}"] = find(lora.name, f"/conditioning/loras/{index}/name")
        for index, net in enumerate(conditioning.control_nets):
            if net.weight != 0:
                reference = net.model if net.model is not None else model_for_type(self.settings, net.type)
                parts[f"control_net_{index}"] = find(reference, f"/conditioning/control_nets/{index}/model")
        for index, inversion in enumerate(conditioning.textual_inversions):
            path = self.loader.resolve_path(inversion.path, f"/conditioning/textual_inversions/{index}/path")
            parts[f"textual_inversion_{index}"] = describe(path)
        if needs_net(post.upscaler):
            reference = self.settings.upscalers.get(post.upscaler, post.upscaler)
            parts["upscaler"] = find(reference, "/postprocessing/upscaler")
        if post.safety_checker:
            parts["safety_checker"] = find(self.settings.safety_checker, "/postprocessing/safety_checker")
        return parts

    def _weights_on_device(self, weights: dict[str, int], base: ModelFacts, dtype: str, shape: Shape) -> int:
        """Bytes of weights on the device at once: all; with offload the largest part; layer by layer one layer of that."""
        width = bytes_of_number(dtype)
        largest = max(base.component_elements.values()) * width
        if "sequential_cpu_offload" in shape.optimizations:
            return largest // 50  # SDXL's UNet has its weights in about that many blocks
        if "model_cpu_offload" in shape.optimizations:
            return max(largest, *weights.values()) if len(weights) > 1 else largest
        return sum(weights.values())

    # Limits

    def square_side_max(self, pixels_max: int) -> int:
        """The largest side of a square picture."""
        return math.isqrt(pixels_max) // 8 * 8

    def limits(self, base: ModelFacts | None = None, dtype: str | None = None) -> dict[str, int]:
        """Bounds of this device with a base (default: the current one) by its memory; without those of clip and LCM."""
        if base is None and (current := self.loader.current_model()) is not None:
            base = current.facts
        pixels_max = rule_maximum("pixels")
        if base is not None:
            pixels_max = min(pixels_max, self._pixels_that_fit(base, dtype or self.device.default_dtype))
        return {
            "side_max": min(limit("ImageSide", "maximum"), pixels_max // limit("ImageSide", "minimum")),
            "pixels_max": pixels_max,
            "batch_size_max": limit("BatchSize", "maximum"),
            "steps_max": limit("Steps", "maximum"),
            "output_side_max": rule_maximum("output-side"),
            "output_pixels_max": rule_maximum("output-pixels"),
        }

    def limit_violations(self, submission: PartialSubmission) -> list[ContractError]:
        """The violations of this device's limits, with the base of the submission."""
        dimensions = submission.hyperparameters.dimensions
        if submission.model.base is None or dimensions.width is None or dimensions.height is None:
            return []  # refused by the reading
        try:
            base = self.loader.describe(submission.model.base, "/model/base")
        except ContractError:
            return []  # `violations_of` reports the absent base
        if base.model_type != "sdxl":
            return []  # and a model of another kind
        dtype = dtype_of(submission, self.device)
        limits = self.limits(base, dtype if dtype in self.device.dtypes else None)
        pixels = dimensions.width * dimensions.height
        if pixels <= limits["pixels_max"]:
            return []
        message = f"{pixels} pixels do not fit the memory of {self.device.gpu_id}; at most {limits['pixels_max']} do"
        fields = ("/hyperparameters/dimensions/width", "/hyperparameters/dimensions/height")
        most = limits["pixels_max"]
        return [BeyondDevice(message, maximum=most, fields=fields, hint="see limits of get_capabilities")]

    def _pixels_that_fit(self, base: ModelFacts, dtype: str) -> int:
        """The largest picture, in pixels, that fits the device in the leanest way: without guidance, decoded in tiles."""
        one = 1 << 20
        plain = Shape(one, 1, 1, 1, 0, Finish(), frozenset())
        unet, in_tiles = self.costs.activation_bytes(base, dtype, plain, tile_side=TILE_SIDE)
        _, of_no_pixel = self.costs.activation_bytes(
            base, dtype, replace(plain, pixels=TILE_SIDE * TILE_SIDE), tile_side=TILE_SIDE
        )
        free = self.device.memory_stats().vram_total_bytes
        if "sequential_cpu_offload" not in self.device.optimizations:
            free -= base.bytes_at(dtype)
        # Decoding in tiles takes the memory of one tile, plus the picture itself.
        per_pixel = (in_tiles - of_no_pixel) / (one - TILE_SIDE * TILE_SIDE)
        of_tile = of_no_pixel - per_pixel * TILE_SIDE * TILE_SIDE
        most = min(free / (unet / one), (free - of_tile) / per_pixel)
        side_min = limit("ImageSide", "minimum")
        return max(int(most), side_min * side_min)

    # A request that fits

    def optimize(self, normalized: dict[str, Any], effective: dict[str, Any], preferences: dict[str, Any]) -> dict[str, Any]:
        """`optimize_request`: the normalized document, changed as little as its preferences ask for.

        Both documents are plain snake JSON. Changes are made until memory and time are under their targets, the ones that
        keep every pixel first; those that lower the quality only with `preserve_quality: false`. Beyond the targets,
        priority `memory` takes every saving that costs no quality, `speed` gives up the savings that cost time and are
        not needed (and steps, where quality may go), `quality` raises too few steps; `balanced` does nothing more.
        `estimate_after` has the excess over a target that was not reached: `over_target_mb`, `over_target_seconds`.
        """
        changing = _Changing(self, normalized, effective)
        before = changing.estimate
        priority = preferences.get("priority", "balanced")
        keep_quality = preferences.get("preserve_quality", True)
        target_mb = preferences.get("target_vram_usage_mb")
        target_seconds = preferences.get("target_time_seconds")

        def fits(estimate: dict[str, Any]) -> bool:
            return bool(estimate["fits"]) and (target_mb is None or estimate["estimated_vram_usage_mb"] <= target_mb)

        def fitted() -> bool:
            """Whether it fits, after adding lossless savings as needed. One of them can make another one useful."""
            while not fits(changing.estimate) and changing.add_lossless():
                pass
            return fits(changing.estimate)

        if priority == "speed":
            changing.drop_savings(fits)
        while priority == "memory" and changing.add_lossless():
            pass
        if not keep_quality and not fitted():
            changing.halve_dtype()
        for name in _OFFLOADS:
            if name in self.device.optimizations and not fitted():
                changing.replace_offload(name)
        if not fitted():
            changing.shrink_batch(fitted)
        if not keep_quality:
            if not fitted():
                changing.add_lossy()
            if not fitted():
                changing.shrink_picture(fitted, "so many pixels do not fit the memory")
            if priority == "speed" or (target_seconds is not None and changing.seconds > target_seconds):
                changing.lower_steps(target_seconds)
            if target_seconds is not None and changing.seconds > target_seconds:
                changing.shrink_picture(lambda: changing.seconds <= target_seconds, "fewer pixels take less time")
        if priority == "quality":
            changing.raise_steps(target_seconds)
        changing.note_unmet(target_mb, target_seconds)
        return {
            "optimized_request": changing.normalized,
            "changes": changing.changes,
            "estimate_before": before,
            "estimate_after": changing.estimate,
        }

    def cleanup(self) -> dict[str, int]:
        """Frees garbage and the allocators' spare memory. Loaded and cached models stay."""
        gpu_before = torch.cuda.memory_reserved(self.device.torch_device) if self.device.is_cuda else 0
        ram_before = resident_bytes()
        gc.collect()
        self.device.empty_cache()
        ctypes.CDLL(None).malloc_trim(0)
        gpu_after = torch.cuda.memory_reserved(self.device.torch_device) if self.device.is_cuda else 0
        # Other threads may have allocated meanwhile; a negative difference counts as 0.
        return {
            "freed_gpu_bytes": max(gpu_before - gpu_after, 0),
            "freed_ram_bytes": max(ram_before - resident_bytes(), 0),
        }


class _Changing:
    """A request under change: both documents, the changes so far, and the present estimate."""

    def __init__(self, optimizer: MemoryOptimizer, normalized: dict[str, Any], effective: dict[str, Any]) -> None:
        self._optimizer = optimizer
        self.normalized = copy.deepcopy(normalized)
        self._effective = copy.deepcopy(effective)
        self.changes: list[dict[str, Any]] = []
        self.submission = read_effective(self._effective)
        self.estimate = optimizer.estimate(self.submission)

    @property
    def seconds(self) -> float:
        return float(self.estimate["estimated_time_seconds"])

    def change(self, path: tuple[str, ...], to: object, reason: str) -> None:
        """Sets a value in both documents. A second change of a value joins the first one, with both reasons."""
        was = self._set(self.normalized, path, to)
        self._set(self._effective, path, to)
        pointer = "/" + "/".join(path)
        known = next((change for change in self.changes if change["path"] == pointer), None)
        if known is None:
            self.changes.append({"path": pointer, "from": was, "to": to, "reason": reason})
        else:
            known["to"] = to
            if reason not in known["reason"].split("; "):
                known["reason"] += f"; {reason}"
        self.submission = read_effective(self._effective)
        self.estimate = self._optimizer.estimate(self.submission)

    @staticmethod
    def _set(document: dict[str, Any], path: tuple[str, ...], to: object) -> object:
        for name in path[:-1]:
            document = document.setdefault(name, {})
        was = document.get(path[-1])
        document[path[-1]] = to
        return was

    def tried(self, path: tuple[str, ...], to: object) -> dict[str, Any]:
        """The estimate with a changed value; the documents stay."""
        trial = copy.deepcopy(self._effective)
        self._set(trial, path, to)
        return self._optimizer.estimate(read_effective(trial))

    def add_lossless(self) -> bool:
        """Adds the first lossless optimisation that lowers the memory; returns whether there was one."""
        return self._add(_LOSSLESS)

    def add_lossy(self) -> bool:
        """As `add_lossless`, for optimisations that change pixels."""
        return self._add(_LOSSY)

    def _add(self, reasons: Mapping[str, str]) -> bool:
        asked = self.submission.performance.optimizations
        for name, reason in reasons.items():
            if name in asked or name not in self._optimizer.device.optimizations:
                continue
            wanted = _ordered({*asked, name})
            if self.tried(_OPTIMIZATIONS, wanted)["estimated_vram_usage_mb"] < self.estimate["estimated_vram_usage_mb"]:
                self.change(_OPTIMIZATIONS, wanted, reason)
                return True
        return False

    def drop_savings(self, fits: Callable[[dict[str, Any]], bool]) -> None:
        """Removes savings of memory that cost time, the slowest first, where the job fits without."""
        for name in (*reversed(_OFFLOADS), *reversed(_SLOWER)):
            asked = self.submission.performance.optimizations
            wanted = [known for known in asked if known != name]
            if name in asked and fits(self.tried(_OPTIMIZATIONS, wanted)):
                self.change(_OPTIMIZATIONS, wanted, f"{name} takes time, and the memory suffices without it")

    def replace_offload(self, name: str) -> None:
        asked = set(self.submission.performance.optimizations) - set(_OFFLOADS)
        self.change(_OPTIMIZATIONS, _ordered({*asked, name}), "what does not run waits in host memory")

    def halve_dtype(self) -> None:
        if self.submission.performance.dtype != "fp32":
            return
        half = "fp16" if self._optimizer.device.is_cuda else "bf16"
        if half in self._optimizer.device.dtypes:
            self.change(("performance", "dtype"), half, "half the memory for weights and activations")

    def shrink_batch(self, done: Callable[[], bool]) -> None:
        size = self.submission.hyperparameters.batch_size
        while size > 1 and not done():
            size -= 1
            self.change(("hyperparameters", "batch_size"), size, "so many pictures at once do not fit; send the rest as jobs")

    def shrink_picture(self, done: Callable[[], bool], reason: str) -> None:
        """Makes both sides smaller by the same share, in multiples of 64 and not under 512, until `done`."""
        dimensions = self.submission.hyperparameters.dimensions
        width, height = dimensions.width, dimensions.height
        for share in range(95, 10, -5):
            smaller = [max(side * share // 100 // 64 * 64, min(side, 512)) for side in (width, height)]
            if smaller == [width, height]:
                continue
            if done():
                return
            self.change(("hyperparameters", "dimensions", "width"), smaller[0], reason)
            self.change(("hyperparameters", "dimensions", "height"), smaller[1], reason)

    def lower_steps(self, target_seconds: float | None) -> None:
        """Lowers the steps to the sampler's recommendation, and as far as a third of it where a target needs that."""
        steps = self.submission.scheduler.steps
        recommended = recommended_steps(self.submission.scheduler.type)
        if steps > recommended:
            reason = f"fewer steps take less time, and the sampler needs no more than {recommended}"
            self.change(_STEPS, recommended, reason)
            steps = recommended
        strength = self.submission.hyperparameters.strength
        least = math.ceil(1 / strength) if strength is not None else 1
        floor = max(recommended // 3, least, 1)
        while target_seconds is not None and self.seconds > target_seconds and steps > floor:
            steps -= 1
            self.change(_STEPS, steps, f"fewer still to come under {target_seconds:g} s")

    def raise_steps(self, target_seconds: float | None) -> None:
        """Raises the steps towards the sampler's recommendation, within the time target."""
        steps = self.submission.scheduler.steps
        recommended = recommended_steps(self.submission.scheduler.type)
        for more in range(recommended, steps, -1):
            seconds = self.tried(_STEPS, more)["estimated_time_seconds"]
            if target_seconds is None or seconds <= target_seconds:
                self.change(_STEPS, more, f"the sampler gives its best from {recommended} steps on")
                return

    def note_unmet(self, target_mb: int | None, target_seconds: float | None) -> None:
        """Adds the excess over a target to the estimate and to the last change's reason."""
        mb = self.estimate["estimated_vram_usage_mb"] - target_mb if target_mb is not None else 0
        seconds = self.seconds - target_seconds if target_seconds is not None else 0.0
        over = {name: by for name, by in (("over_target_mb", mb), ("over_target_seconds", seconds)) if by > 0}
        self.estimate = self.estimate | {"detailed_breakdown": self.estimate["detailed_breakdown"] | over}
        if over and self.changes:
            by = " and ".join(f"{by:.3g} s" if name == "over_target_seconds" else f"{by} MiB" for name, by in over.items())
            self.changes[-1]["reason"] += f"; still over the target by {by}"


def _ordered(optimizations: set[str]) -> list[str]:
    return [name for name in names("Optimization") if name in optimizations]


def _shape_of(submission: EffectiveSubmission, parts: Mapping[str, ModelFacts]) -> Shape:
    parameters = submission.hyperparameters
    pixels = parameters.dimensions.width * parameters.dimensions.height
    steps = submission.scheduler.steps
    if parameters.strength is not None:
        steps = max(int(steps * parameters.strength), 1)
    # A model that takes the guidance scale as an input computes no second row for the negative prompt.
    is_guided = any(not parts[name].embeds_guidance for name in ("base", "refiner") if name in parts)
    return Shape(
        pixels=pixels,
        batch=parameters.batch_size,
        rows=2 if parameters.guidance_scale > 1 and is_guided else 1,
        calls=calls_of(submission.scheduler.type, steps),
        nets=sum(net.weight != 0 for net in submission.conditioning.control_nets),
        finish=Finish.of(submission.postprocessing),
        optimizations=frozenset(submission.performance.optimizations),
    )
