"""The cost of a job: memory by the sizes of its models, time by measured jobs, or else by the sizes too.

Memory is the weights plus the larger of two peaks, that of the UNet's activations and that of decoding. The time of a model
call lies on a line through measured calls of the same base and number format. Before the first job it is the work of a UNet
of that size over the throughput of a small matrix product on this device. An estimate counts as measured only after a job
with the same finish, and not for a job that is far larger than every measured one.
"""

from __future__ import annotations

import logging
import statistics
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from pathlib import Path

import torch

from concord_workers.contract.generated.submission import EffectivePostprocessing
from concord_workers.core.device_manager import DTYPES, Device, is_out_of_memory
from concord_workers.core.errors import OutOfMemory
from concord_workers.models.model_facts import CHUNK_LENGTH, ModelFacts, bytes_of_number

__all__ = ["CostModel", "Finish", "Measurement", "Shape"]

log = logging.getLogger(__name__)

_UNET_BUFFERS = 48  # feature maps of the first level that live at once: skip connections, attention, work space
_VAE_BUFFERS = 10  # full-size feature maps of the decoder that live at once; by the peaks in docs/gpu-figures.md
_CALL_EFFICIENCY = 0.5  # share of a matrix product's throughput that a UNet reaches
_FLOPS_PER_PARAMETER = 2.3  # two for a multiply-add, the rest for attention; SDXL at 1024x1024: about 6 TFLOP a call
_SAMPLE_SIDE = 1024  # of a VAE whose configuration does not say for which pictures it was trained
_CHECKER_ROWS = 257  # patches of a picture that the safety checker's vision model looks at
_WRITING_SECONDS = 1.5e-7  # of a core for each pixel that is resized and compressed as PNG
_REACH = 4  # a line through measured sizes is trusted up to so many times the largest of them


@dataclass(frozen=True)
class Finish:
    """The work after decoding. upscaler: its name, or none. factor: of each side."""

    upscaler: str = "none"
    factor: float = 1.0
    safety_checker: bool = False

    @classmethod
    def of(cls, post: EffectivePostprocessing) -> Finish:
        """The finish of a submission's `postprocessing`."""
        factor = post.upscale_factor if post.upscaler != "none" and post.upscale_factor is not None else 1.0
        return cls(post.upscaler, factor, post.safety_checker)


_PLAIN = Finish()


@dataclass(frozen=True)
class Measurement:
    """One finished job. pixels: of all its pictures. rows: UNet rows a picture (2 with guidance). calls: of the model."""

    base: Path
    dtype: str
    pixels: int
    calls: int
    rows: int
    nets: int
    offload: bool
    preprocessing_seconds: float
    denoising_seconds: float
    postprocessing_seconds: float
    finish: Finish = _PLAIN

    @property
    def size(self) -> int:
        """Pixel rows of a call."""
        return self.pixels * self.rows


@dataclass(frozen=True)
class Shape:
    """The figures of a job that its cost depends on, beside its models."""

    pixels: int
    batch: int
    rows: int
    calls: int
    nets: int
    finish: Finish
    optimizations: frozenset[str]

    @property
    def size(self) -> int:
        """Pixel rows of a call."""
        return self.pixels * self.batch * self.rows


class CostModel:
    """Remembers measurements and predicts. Thread safe."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._lock = threading.Lock()
        self._measured: dict[tuple[Path, str], deque[Measurement]] = defaultdict(lambda: deque(maxlen=64))
        self._throughput: dict[str, float] = {}
        self.measure()

    def record(self, measurement: Measurement) -> None:
        if measurement.calls > 0:
            with self._lock:
                self._measured[measurement.base, measurement.dtype].append(measurement)

    def measured(self, base: Path, dtype: str) -> list[Measurement]:
        with self._lock:
            return list(self._measured.get((base, dtype), ()))

    def activation_bytes(
        self, facts: ModelFacts, dtype: str, shape: Shape, vae: ModelFacts | None = None, *, tile_side: int | None = None
    ) -> tuple[int, int]:
        """Peaks beside the weights, of the UNet's calls and of decoding, in bytes.

        vae: the one that replaces the base's. tile_side: of the tiles that the picture is decoded in; None: as the
        optimisations say.
        """
        width = bytes_of_number(dtype)
        unet_channels = _first(facts.configs.get("unet", {}).get("block_out_channels"), 320)
        latents = shape.pixels // 64 * shape.batch * shape.rows
        # attention_slicing saves nothing: it replaces an attention that keeps no matrix of weights.
        unet = latents * unet_channels * width * (_UNET_BUFFERS + 16 * shape.nets)
        config = (vae.configs.get("model") if vae is not None else None) or facts.configs.get("vae", {})
        upcast = dtype == "fp16" and bool(config.get("force_upcast"))
        if tile_side is None and "vae_tiling" in shape.optimizations:
            tile_side = _side(config.get("sample_size"))  # diffusers' own tiles: pictures of that size are decoded whole
        at_once = min(shape.pixels, tile_side**2) if tile_side is not None else shape.pixels
        pictures = 1 if "vae_slicing" in shape.optimizations or tile_side is not None else shape.batch
        channels = _first(config.get("block_out_channels"), 128)
        decoding = pictures * at_once * channels * (4 if upcast else width) * _VAE_BUFFERS
        if upcast:
            elements = vae.elements if vae is not None else facts.component_elements.get("vae", 0)
            decoding += elements * (4 - width)  # its weights are in fp32 meanwhile
        # The decoded pictures themselves, as floating numbers and as bytes.
        return unet, decoding + shape.batch * shape.pixels * 3 * 5

    def seconds(self, parts: dict[str, ModelFacts], dtype: str, shape: Shape) -> tuple[dict[str, float], bool]:
        """preprocessing, denoising, postprocessing and a call, in seconds; whether all of them come from measurements.

        parts: the models of the job by their roles: base, upscaler, safety_checker.
        """
        facts = parts["base"]
        measured = self.measured(facts.path, dtype)
        if measured:
            slope = self._call_from_size(facts, dtype, shape.size, 0) / shape.size
            call = _line(measured, shape.size, slope) * (1 + 0.4 * shape.nets if not any(m.nets for m in measured) else 1)
            pre = statistics.median(m.preprocessing_seconds for m in measured)
        else:
            call = self._call_from_size(facts, dtype, shape.size, shape.nets)
            parts_of = facts.component_elements
            encoders = parts_of.get("text_encoder", 0) + parts_of.get("text_encoder_2", 0)
            pre = 2 * encoders * CHUNK_LENGTH * shape.rows / (self._flops(dtype) * _CALL_EFFICIENCY)
        near = [m for m in measured if shape.size <= _REACH * m.size]
        alike = [m for m in near if m.finish == shape.finish]
        post = _finish_seconds(alike, shape) if alike else self._finish_from_size(parts, dtype, shape, near)
        seconds = {"seconds_per_call": call, "preprocessing_seconds": pre, "postprocessing_seconds": post}
        return seconds | {"denoising_seconds": call * shape.calls}, bool(alike)

    def _finish_from_size(self, parts: dict[str, ModelFacts], dtype: str, shape: Shape, near: list[Measurement]) -> float:
        """The time of decoding, measured where a job without a finish ran, plus the time of the finish by its models' sizes."""
        pixels = shape.pixels * shape.batch
        if plain := [m for m in near if m.finish == _PLAIN]:
            seconds = _finish_seconds(plain, shape)
        else:
            work = 2 * parts["base"].component_elements.get("vae", 0) * pixels / 16
            seconds = work / (self._flops(dtype) * _CALL_EFFICIENCY)
        work = 0.0  # the nets below run in single precision; the upscaler's over every pixel before it
        if "upscaler" in parts:
            work += 2 * parts["upscaler"].elements * pixels
        if "safety_checker" in parts:
            work += 2 * parts["safety_checker"].elements * _CHECKER_ROWS * shape.batch
        if work:
            seconds += work / (self._flops("fp32") * _CALL_EFFICIENCY)
        return seconds + (shape.finish.factor**2 - 1) * pixels * _WRITING_SECONDS

    def _call_from_size(self, facts: ModelFacts, dtype: str, size: int, nets: int) -> float:
        elements = facts.component_elements.get("unet", facts.elements)
        work = _FLOPS_PER_PARAMETER * elements * (size / 64 / 16) * (1 + 0.4 * nets)
        return work / (self._flops(dtype) * _CALL_EFFICIENCY)

    def measure(self) -> None:
        """Measures the throughput of each number format. For an idle device: a job beside it would lower the figure."""
        for dtype in self.device.dtypes:
            try:
                self._throughput[dtype] = self._product_throughput(dtype)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                log.warning("the throughput in %s cannot be measured: memory ran out", dtype)

    def _flops(self, dtype: str) -> float:
        """Floating-point operations a second of a matrix product. Raises OutOfMemory where none fitted the device."""
        if dtype not in self._throughput:
            raise OutOfMemory(
                f"the throughput of {self.device.gpu_id} in {dtype} is not known: at the start it had no memory to measure it",
                hint="free memory on the device and restart the worker",
            )
        return self._throughput[dtype]

    def _product_throughput(self, dtype: str) -> float:
        side = 4096 if self.device.is_cuda else 256
        matrix = torch.ones(side, side, device=self.device.torch_device, dtype=DTYPES[dtype])
        best = float("inf")
        for _ in range(4):  # the first warms up
            self.device.synchronize()
            began = time.perf_counter()
            torch.mm(matrix, matrix)
            self.device.synchronize()
            best = min(best, time.perf_counter() - began)
        return 2 * side**3 / max(best, 1e-9)


def _first(values: object, otherwise: int) -> int:
    return int(values[0]) if isinstance(values, list | tuple) and values else otherwise


def _side(sample_size: object) -> int:
    size = sample_size[0] if isinstance(sample_size, list | tuple) and sample_size else sample_size
    return size if isinstance(size, int) and size > 0 else _SAMPLE_SIDE


def _finish_seconds(measured: list[Measurement], shape: Shape) -> float:
    return statistics.median(m.postprocessing_seconds / m.pixels for m in measured) * shape.pixels * shape.batch


def _line(measured: list[Measurement], size: int, slope_of_size: float) -> float:
    """Seconds of a call for `size` pixel rows, from the measured calls.

    Between measured sizes a line; where there is one size only, what it took beyond the work of its size is overhead
    that every call has. Far beyond the largest, the line rises by the work of its size too, as differences of small sizes
    say little there. The first job warms up, so it counts only while there is no other of its size.
    """
    by_size: dict[int, list[float]] = defaultdict(list)
    for m in measured:
        by_size[m.size].append(m.denoising_seconds / m.calls)
    warm_up = by_size[measured[0].size]
    if len(warm_up) > 1:
        warm_up.pop(0)
    points = sorted((x, statistics.median(ys)) for x, ys in by_size.items())
    (low_x, low_y), (high_x, high_y) = points[0], points[-1]
    slope = (high_y - low_y) / (high_x - low_x) if low_x < high_x and size <= _REACH * high_x else slope_of_size
    # A line never falls, nor rises faster than if the largest measured call had no overhead at all.
    slope = min(max(slope, 0.0), high_y / high_x)
    if size < low_x:
        return max(low_y - slope * (low_x - size), low_y * size / low_x)
    if size > high_x:
        return high_y + slope * (size - high_x)
    below, above = max(p for p in points if p[0] <= size), min(p for p in points if p[0] >= size)
    if below == above:
        return below[1]
    return below[1] + (above[1] - below[1]) * (size - below[0]) / (above[0] - below[0])
