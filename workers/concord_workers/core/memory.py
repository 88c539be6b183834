"""Memory figures without torch: what can be said while the engine still starts."""

from __future__ import annotations

import os
from pathlib import Path

from concord_workers.core.nvml import gpus

__all__ = ["memory_before_engine", "processor_name", "resident_bytes"]


def resident_bytes() -> int:
    """Resident memory of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def memory_before_engine(gpu_id: str) -> dict[str, int]:
    """MemoryStats; on the processor the device's memory is the host's."""
    if gpu_id == "cpu_0":
        pairs = (line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        info = {name: int(rest.split()[0]) * 1024 for name, rest in pairs}
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
    """What the processor calls itself."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return os.uname().machine
