"""Which GPU this worker owns: flags and environment in, one name out. `gpu_N` is the host's GPU N in NVML order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from concord_workers.core.nvml import Gpu
from concord_workers.core.scalar import shorten

__all__ = ["Choice", "GpuError", "choose_gpu"]

_INDEX = re.compile(r"(?:gpu_|cuda:)?(0|[1-9][0-9]{0,2})")


class GpuError(Exception):
    """A named GPU is unknown or absent. The worker does not start."""


@dataclass(frozen=True)
class Choice:
    """gpu_id: `gpu_N` or `cpu_0`. uuid: what CUDA_VISIBLE_DEVICES is to be; None on the processor. notes: for stderr."""

    gpu_id: str
    uuid: str | None
    name: str | None
    memory_total_bytes: int
    notes: list[str]


def choose_gpu(flag: str | None, environment: Mapping[str, str], gpus: list[Gpu]) -> Choice:
    """The device that `--device`, CUDA_VISIBLE_DEVICES and GPU_ID name. Where all are absent: GPU 0, or the processor.

    Raises GpuError.
    """
    notes: list[str] = []
    if flag == "cpu" or flag == "cpu_0":
        return Choice("cpu_0", None, None, 0, notes)
    named: dict[str, Gpu] = {}
    if flag is not None and flag not in ("auto", "cuda"):
        named["--device"] = _gpu_of(flag, "--device", gpus, notes)
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        if visible.strip() in ("", "-1"):
            if named:
                raise GpuError(f"--device names {flag}, and CUDA_VISIBLE_DEVICES hides every GPU")
            return Choice("cpu_0", None, None, 0, ["CUDA_VISIBLE_DEVICES hides every GPU: this worker is cpu_0"])
        parts = [part.strip() for part in visible.split(",") if part.strip()]
        seen = [_gpu_of(part, "CUDA_VISIBLE_DEVICES", gpus, notes) for part in parts]
        if "--device" in named:
            if named["--device"] not in seen:
                raise GpuError(f"--device names {flag}, which CUDA_VISIBLE_DEVICES={visible} hides")
        else:
            named["CUDA_VISIBLE_DEVICES"] = seen[0]
            if len(seen) > 1:
                notes.append(f"a worker owns one GPU: of CUDA_VISIBLE_DEVICES={visible} it takes the first")
    if environment.get("GPU_ID"):
        named["GPU_ID"] = _gpu_of(environment["GPU_ID"], "GPU_ID", gpus, notes)
    if len({gpu.index for gpu in named.values()}) > 1:
        claims = " and ".join(f"{source} means gpu_{gpu.index}" for source, gpu in named.items())
        raise GpuError(f"{claims}: a worker owns one GPU")
    if named:
        return _chosen(next(iter(named.values())), notes)
    if gpus:
        return _chosen(gpus[0], [*notes, "no GPU is named; this worker takes gpu_0"])
    if flag in ("cuda", "auto") and flag == "cuda":
        raise GpuError("--device cuda, and there is no GPU here")
    return Choice("cpu_0", None, None, 0, [*notes, "no GPU is named and none is there; this worker is cpu_0"])


def _chosen(gpu: Gpu, notes: list[str]) -> Choice:
    return Choice(f"gpu_{gpu.index}", gpu.uuid, gpu.name, gpu.memory_total_bytes, notes)


def _gpu_of(name: str, source: str, gpus: list[Gpu], notes: list[str]) -> Gpu:
    by_uuid = [gpu for gpu in gpus if name.startswith(("GPU-", "MIG-")) and gpu.uuid.startswith(name)]
    if len(by_uuid) == 1:
        return by_uuid[0]
    found = _INDEX.fullmatch(name)
    if found is None:
        if name.startswith("GPU-"):
            raise GpuError(f"{source} names {name}, which this host does not have")
        raise GpuError(f"{source} names {shorten(name)}, which is no GPU: write an index, a UUID or gpu_N")
    index = int(found.group(1))
    if name.startswith("gpu_") and source == "CUDA_VISIBLE_DEVICES":
        notes.append(f"{source}={name} is nothing that CUDA knows: it is read as index {index}")
    if index >= len(gpus):
        raise GpuError(f"{source} names {name}, and this host has {len(gpus)} GPUs that can be seen")
    return gpus[index]
