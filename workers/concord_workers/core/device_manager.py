"""The worker's one device: its names, memory, number formats and optimisations."""

from __future__ import annotations

import importlib.util
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from concord_workers.core.errors import OutOfMemory, UnsupportedFeature, first_line
from concord_workers.core.memory import host_memory, peak_resident_bytes, processor_name, resident_bytes

__all__ = ["DTYPES", "Device", "MemoryStats", "is_out_of_memory"]

DTYPES: dict[str, torch.dtype] = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}
_MIB = 1 << 20


@dataclass(frozen=True)
class MemoryStats:
    """Bytes, measured now. On the processor the device's memory is the host's."""

    vram_used_bytes: int
    vram_total_bytes: int
    vram_available_bytes: int
    ram_used_bytes: int


class Device:
    """The device that this worker owns.

    gpu_id: `gpu_N` (the host's GPU N in NVML order) or `cpu_0`. torch_device: what torch calls it in this process.
    """

    def __init__(self, gpu_id: str, torch_device: torch.device | str, *, deterministic: bool = False) -> None:
        self.gpu_id = gpu_id
        self.torch_device = torch.device(torch_device)
        self.is_cuda = self.torch_device.type == "cuda"
        self.deterministic = deterministic
        if deterministic:
            # Set before the first use of cuBLAS, which reads it once.
            os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
            torch.use_deterministic_algorithms(True)
            torch.backends.cudnn.benchmark = False
        self.name = torch.cuda.get_device_name(self.torch_device) if self.is_cuda else processor_name()
        self._highest_peak_mb = 0.0

    @property
    def contract_name(self) -> str:
        """The device as `performance.device` and SDXLResult spell it: `cuda:N` or `cpu`."""
        return f"cuda:{self.gpu_id.removeprefix('gpu_')}" if self.is_cuda else "cpu"

    @property
    def default_dtype(self) -> str:
        return "fp16" if self.is_cuda else "fp32"

    @property
    def dtypes(self) -> list[str]:
        """Number formats that run here, in the contract's order."""
        if self.is_cuda and not torch.cuda.is_bf16_supported(including_emulation=False):
            return ["fp16", "fp32"]
        return ["fp16", "bf16", "fp32"]

    @property
    def optimizations(self) -> list[str]:
        """The optimisations that can be asked for here, in the contract's order."""
        names = ["attention_slicing", "vae_slicing", "vae_tiling"]
        if self.is_cuda:
            names += ["model_cpu_offload", "sequential_cpu_offload"]
            if importlib.util.find_spec("xformers") is not None:
                names.append("xformers")
        names.append("channels_last")
        if self.is_cuda and importlib.util.find_spec("triton") is not None and shutil.which("cc"):
            names.append("torch_compile")
        return names

    def is_own_name(self, name: str) -> bool:
        """Whether `performance.device` means this device: `auto`, its own name in every spelling."""
        return name in ("auto", self.gpu_id, self.contract_name)

    def require(self, optimization: str, field: str) -> None:
        """Raises UnsupportedFeature where the optimisation cannot run here."""
        if optimization in self.optimizations:
            return
        if not self.is_cuda:
            why = "it needs a CUDA device and this worker runs on the processor"
        else:
            reasons = {"xformers": "the package is not installed", "torch_compile": "triton or a C compiler is missing"}
            why = reasons.get(optimization, "this device cannot")
        raise UnsupportedFeature(
            f"{optimization} is not available on {self.gpu_id}: {why}",
            field=field,
            hint="see memory_optimizations of get_capabilities",
        )

    def memory_stats(self) -> MemoryStats:
        if self.is_cuda:
            free, total = torch.cuda.mem_get_info(self.torch_device)
        else:
            info = host_memory()
            free, total = info["MemAvailable"], info["MemTotal"]
        return MemoryStats(total - free, total, free, resident_bytes())

    def free_bytes(self) -> int | None:
        """Bytes free for new tensors, spare memory of torch's allocator included; None on the processor.

        All processes share the host's memory, and the kernel takes back pages of mapped weights by itself.
        """
        if not self.is_cuda:
            return None
        spare = torch.cuda.memory_reserved(self.torch_device) - torch.cuda.memory_allocated(self.torch_device)
        return self.memory_stats().vram_available_bytes + spare

    def capacity_bytes(self) -> int:
        """Bytes that this process can hold on the device in all: free memory and its own."""
        stats = self.memory_stats()
        if not self.is_cuda:
            return stats.vram_total_bytes
        return stats.vram_available_bytes + torch.cuda.memory_reserved(self.torch_device)

    def gather(self, needed: int) -> None:
        """Gives spare memory back to the driver where a large tensor would not fit beside it: spare memory is fragmented."""
        if self.is_cuda and self.memory_stats().vram_available_bytes < needed:
            self.empty_cache()

    def allocated_bytes(self) -> int:
        """Bytes that this process holds on the device: live tensors on a GPU, resident memory on the processor."""
        return torch.cuda.memory_allocated(self.torch_device) if self.is_cuda else resident_bytes()

    def reset_peak(self) -> None:
        """Starts the measurement of a command's peak."""
        if self.is_cuda:
            torch.cuda.reset_peak_memory_stats(self.torch_device)
        else:
            # Some sandboxes refuse it. The peak is then that of the whole process, which is an upper bound.
            with suppress(OSError):
                Path("/proc/self/clear_refs").write_text("5")

    def peak_memory_used_mb(self) -> float:
        """Peak device memory since `reset_peak`, in MiB; on the processor peak resident memory."""
        peak = torch.cuda.max_memory_allocated(self.torch_device) if self.is_cuda else peak_resident_bytes()
        self._highest_peak_mb = max(self._highest_peak_mb, peak / _MIB)
        return peak / _MIB

    @property
    def highest_peak_mb(self) -> float:
        """The highest peak that any command had, in MiB."""
        return self._highest_peak_mb

    def synchronize(self) -> None:
        """Waits for the device's queued work. A clock that is read without it measures the launch alone."""
        if self.is_cuda:
            torch.cuda.synchronize(self.torch_device)

    def empty_cache(self) -> None:
        """Gives memory that no tensor holds back to the device."""
        if self.is_cuda:
            torch.cuda.empty_cache()

    def out_of_memory(self, cause: BaseException, doing: str) -> OutOfMemory:
        """The error for memory that ran out, with the numbers at this moment, in MiB."""
        stats = self.memory_stats()
        details = {
            "free_mb": round(stats.vram_available_bytes / _MIB, 1),
            "total_mb": round(stats.vram_total_bytes / _MIB, 1),
            "peak_memory_used_mb": round(self.peak_memory_used_mb(), 1),
            "cause": first_line(cause)[:500],
        }
        return OutOfMemory(
            f"{self.gpu_id} ran out of memory while {doing}: {details['free_mb']} MiB of {details['total_mb']} MiB are free",
            hint="free memory first: cleanup_memory, or see optimize_request",
            details=details,
        )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception of torch or Python means out of memory."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and (
        "DefaultCPUAllocator" in text or "out of memory" in text or "CUBLAS_STATUS_ALLOC_FAILED" in text
    )
