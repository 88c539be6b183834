"""The host's GPUs as NVML counts them (PCI bus order): index, UUID, name and memory, without CUDA and without torch."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

__all__ = ["Gpu", "gpus"]

_TEXT_BYTES = 96


@dataclass(frozen=True)
class Gpu:
    """One GPU of the host. index: NVML's, the N of `gpu_N`."""

    index: int
    uuid: str
    name: str
    memory_total_bytes: int
    memory_used_bytes: int


class _Memory(ctypes.Structure):
    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


def gpus() -> list[Gpu]:
    """All GPUs; none where there is no NVIDIA driver. Raises OSError where NVML answers with an error."""
    try:
        library = ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return []  # without a driver there is no GPU
    if (code := library.nvmlInit_v2()) != 0:
        # 9: the library is there, but no driver runs.
        if code == 9:
            return []
        raise OSError(f"NVML does not start: error {code}")
    try:
        count = ctypes.c_uint()
        _call(library.nvmlDeviceGetCount_v2, ctypes.byref(count))
        return [_gpu(library, index) for index in range(count.value)]
    finally:
        library.nvmlShutdown()


def _gpu(library: ctypes.CDLL, index: int) -> Gpu:
    handle = ctypes.c_void_p()
    _call(library.nvmlDeviceGetHandleByIndex_v2, ctypes.c_uint(index), ctypes.byref(handle))
    uuid, name, memory = ctypes.create_string_buffer(_TEXT_BYTES), ctypes.create_string_buffer(_TEXT_BYTES), _Memory()
    _call(library.nvmlDeviceGetUUID, handle, uuid, ctypes.c_uint(_TEXT_BYTES))
    _call(library.nvmlDeviceGetName, handle, name, ctypes.c_uint(_TEXT_BYTES))
    _call(library.nvmlDeviceGetMemoryInfo, handle, ctypes.byref(memory))
    return Gpu(index, uuid.value.decode(), name.value.decode(), int(memory.total), int(memory.used))


def _call(function: ctypes._NamedFuncPointer, *arguments: object) -> None:
    if (code := function(*arguments)) != 0:
        raise OSError(f"{function.__name__} failed: error {code}")
