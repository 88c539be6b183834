"""Memory figures without torch, for the time in which the engine starts."""

from __future__ import annotations

import os
from pathlib import Path

from concord_workers.core.nvml import gpus

__all__ = ["host_memory", "memory_before_engine", "peak_resident_bytes", "processor_name", "resident_bytes"]


def resident_bytes() -> int:
    """Resident memory of this process, in bytes."""
    return _status_bytes("VmRSS")


def peak_resident_bytes() -> int:
    """The highest resident memory since the start, or since the peak was reset, in bytes."""
    return _status_bytes("VmHWM")


def host_memory() -> dict[str, int]:
    """The rows of /proc/meminfo, in bytes."""
    pairs = (line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return {name: int(rest.split()[0]) * 1024 for name, rest in pairs}


def memory_before_engine(gpu_id: str) -> dict[str, int]:
    """MemoryStats; on the processor the device's memory is the host's."""
    if gpu_id == "cpu_0":
        info = host_memory()
        total, used = info["MemTotal"], info["MemTotal"] - info["MemAvailable"]
    else:
        gpu = next(gpu for gpu in gpus() if f"gpu_{gpu.index}" == gpu_id)
        total, used = gpu.memory_total_bytes, gpu.memory_used_bytes
    return {
        "vram_used_bytes": used,
        "vram_total_bytes": total,
        "vram_available_bytes": total - used,
        "ram_used_bytes": resident_bytes(),
    }


def processor_name() -> str:
    """The processor's own name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return os.uname().machine


def _status_bytes(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {name}")
