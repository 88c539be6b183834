"""Keeps the bytes of model files in RAM, shared by all workers of the host, under a byte budget.

The host's page cache is the store: a cached file is mapped, read through once, and its pages are locked where the
process may (RLIMIT_MEMLOCK). Two workers that map one file share its pages, so N workers cost one copy. Over the
budget, the models used longest ago are dropped.
"""

from __future__ import annotations

import ctypes
import logging
import mmap
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy

from concord_workers.core.errors import OutOfMemory
from concord_workers.models.facts import signature
from concord_workers.models.model_facts import ModelFacts

__all__ = ["CachedModel", "RamCache"]

_log = logging.getLogger(__name__)
_CHUNK = 8 << 20
_libc = ctypes.CDLL(None, use_errno=True)


class _MappedFile:
    """One file, mapped, read and locked where allowed."""

    def __init__(self, path: Path, check: Callable[[], None]) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ, flags=mmap.MAP_SHARED)
            # Reading brings the pages in; POSIX_FADV_WILLNEED alone brings in only the first few.
            buffer = bytearray(_CHUNK)
            while file.readinto(buffer):
                check()
        self.locked = self._lock()

    def _lock(self) -> bool:
        address = ctypes.c_void_p(_address_of(self._map))
        return int(_libc.mlock(address, ctypes.c_size_t(len(self._map)))) == 0

    def close(self) -> None:
        self._map.close()  # unmapping unlocks


def _address_of(mapping: mmap.mmap) -> int:
    """The address of a read-only mapping, through numpy, which takes read-only buffers."""
    array = numpy.frombuffer(mapping, dtype=numpy.uint8)
    address: int = array.__array_interface__["data"][0]
    return address


@dataclass
class CachedModel:
    """A model in RAM. bytes: of its weight files. cached_at: seconds since 1970."""

    model_id: str
    model_type: str
    facts: ModelFacts
    bytes: int
    cached_at: float
    signature: tuple[object, ...]
    suite: str | None = None
    last_used: float = field(default_factory=time.monotonic)
    files: list[_MappedFile] = field(default_factory=list)

    @property
    def locked(self) -> bool:
        return all(file.locked for file in self.files)


class RamCache:
    """The cached models of one worker by id. Thread safe for reading while one thread changes it."""

    def __init__(self, budget_bytes: int) -> None:
        self.budget_bytes = budget_bytes
        self._models: dict[str, CachedModel] = {}
        self._lock = threading.Lock()

    @property
    def used_bytes(self) -> int:
        with self._lock:
            return sum(model.bytes for model in self._models.values())

    def models(self) -> list[CachedModel]:
        with self._lock:
            return list(self._models.values())

    def get(self, model_id: str) -> CachedModel | None:
        """The cached model, which now counts as used last. A model whose files were replaced is dropped."""
        with self._lock:
            model = self._models.get(model_id)
        if model is None:
            return None
        if not model.facts.path.exists() or signature(model.facts.path) != model.signature:
            self.drop(model_id)
            return None
        model.last_used = time.monotonic()
        return model

    def holds(self, path: Path) -> bool:
        """Whether the model at this path is in RAM, under any id."""
        real = path.resolve()
        with self._lock:
            return any(model.facts.real == real for model in self._models.values())

    def put(
        self, model_id: str, model_type: str, facts: ModelFacts, check: Callable[[], None], suite: str | None = None
    ) -> CachedModel:
        """Brings a model's files into RAM. Raises OutOfMemory where it is larger than the whole budget."""
        if facts.file_bytes > self.budget_bytes:
            raise OutOfMemory(
                f"{model_id} has {facts.file_bytes >> 20} MiB, over the cache's budget of {self.budget_bytes >> 20} MiB",
                hint="raise the RAM budget of the worker",
                details={"needed_bytes": facts.file_bytes, "budget_bytes": self.budget_bytes},
            )
        self.drop(model_id)
        self._make_room(facts.file_bytes, keep_suite=suite)
        model = CachedModel(model_id, model_type, facts, facts.file_bytes, time.time(), signature(facts.path), suite)
        try:
            for path in facts.files:
                model.files.append(_MappedFile(path, check))
        except BaseException:
            for file in model.files:
                file.close()
            raise
        if not model.locked:
            _log.info("%s is in the page cache but not locked: RLIMIT_MEMLOCK is too small", model_id)
        with self._lock:
            self._models[model_id] = model
        return model

    def drop(self, model_id: str) -> int:
        """Drops a model; returns its bytes, 0 where it was absent. The kernel decides how long its pages stay in RAM."""
        with self._lock:
            model = self._models.pop(model_id, None)
        if model is None:
            return 0
        for file in model.files:
            file.close()
        return model.bytes

    def _make_room(self, needed: int, keep_suite: str | None) -> None:
        while self.used_bytes + needed > self.budget_bytes:
            candidates = [model for model in self.models() if keep_suite is None or model.suite != keep_suite]
            if not candidates:
                raise OutOfMemory(
                    f"the parts of {keep_suite} do not fit the cache's budget of {self.budget_bytes >> 20} MiB together",
                    details={"needed_bytes": self.used_bytes + needed, "budget_bytes": self.budget_bytes},
                )
            oldest = min(candidates, key=lambda model: model.last_used)
            parts = [m for m in self.models() if m is oldest or (oldest.suite is not None and m.suite == oldest.suite)]
            for part in parts:
                _log.info("cache: %s makes room", part.model_id)
                self.drop(part.model_id)
