"""Distinguishes a device that can no longer compute from a job that failed.

After a CUDA error other than out of memory (a device-side assert, an illegal access, an ECC error) every later call of
this process fails too; only a new process can use the GPU again. Torch is not imported here, so its errors are known by
name and text.
"""

from __future__ import annotations

from collections.abc import Iterator

from concord_workers.core.errors import ContractError, first_line

__all__ = ["WorkerCrashed", "crashed_by", "is_device_failure"]

# Texts of CUDA, cuBLAS and cuDNN for out of memory. Torch begins some of them with "CUDA error: …" too.
_OUT_OF_MEMORY = ("out of memory", "ALLOC_FAILED")


class WorkerCrashed(ContractError):
    """The worker's process ends before it has done a command. started: whether the command had begun."""

    def __init__(self, message: str, *, started: bool) -> None:
        super().__init__("worker_crashed", message, details={"started": started})


def is_device_failure(error: BaseException) -> bool:
    """Whether an error, or one of its causes, means that the device can no longer compute."""
    return _cause(error) is not None


def crashed_by(error: BaseException) -> WorkerCrashed:
    """The error that ends a command or training after such a failure."""
    reason = first_line(_cause(error) or error)[:300]
    return WorkerCrashed(f"the device can no longer compute: {reason}", started=True)


def _cause(error: BaseException) -> BaseException | None:
    return next((cause for cause in _chain(error) if _says_so(cause)), None)


def _says_so(error: BaseException) -> bool:
    text = str(error)
    if any(words in text for words in _OUT_OF_MEMORY):
        return False
    is_accelerator_error = any(cls.__name__ == "AcceleratorError" for cls in type(error).__mro__)
    return is_accelerator_error or (isinstance(error, RuntimeError) and "CUDA error:" in text)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and its causes, each once: a chain of causes can be a ring."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__
