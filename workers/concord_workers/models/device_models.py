"""The models on the device: their memory, their order of use, and eviction."""

from __future__ import annotations

import atexit
import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import torch

from concord_workers.core.device_manager import Device, is_out_of_memory
from concord_workers.core.errors import ContractError, ModelInvalid, OutOfMemory
from concord_workers.models.cause import cause_of
from concord_workers.models.facts import describe, signature
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.readers import READERS

__all__ = ["DeviceModels", "LoadedModel"]

_log = logging.getLogger(__name__)
_PAGE = 4096
# Reads of a model whose files change meanwhile, before it is refused. A writer rarely needs longer than one read.
_READS_MAX = 3


@dataclass
class LoadedModel:
    """One model on the device, under one id or several.

    ids: id → its suite, or None. value: the live object that `readers` makes. dtype: the contract's name. memory_bytes: of
    its weights. offloaded: in host memory, and moved to the device part by part.
    """

    ids: dict[str, str | None]
    model_type: str
    facts: ModelFacts
    signature: tuple[object, ...]
    dtype: str
    value: Any
    memory_bytes: int
    offloaded: bool
    loaded_at: float = field(default_factory=time.time)
    last_used: float = field(default_factory=time.monotonic)
    pinned: bool = False
    extras: dict[str, Any] = field(default_factory=dict)

    @property
    def model_id(self) -> str:
        """The newest id."""
        return list(self.ids)[-1]


class DeviceModels:
    """All models on the device under a byte budget. One thread changes it, others may read."""

    def __init__(self, device: Device, budget_bytes: int) -> None:
        _freeze_libraries()
        self.device = device
        self.budget_bytes = budget_bytes
        self._models: list[LoadedModel] = []
        self._lock = threading.Lock()

    def all(self) -> list[LoadedModel]:
        with self._lock:
            return list(self._models)

    def by_id(self, model_id: str) -> LoadedModel | None:
        return next((model for model in self.all() if model_id in model.ids), None)

    def by_path(self, path: Path, model_type: str) -> LoadedModel | None:
        real = path.resolve()
        return next((m for m in self.all() if m.facts.real == real and m.model_type == model_type), None)

    @property
    def used_bytes(self) -> int:
        """Model bytes on the device."""
        return sum(model.memory_bytes for model in self.all() if not model.offloaded)

    def add(
        self, model_id: str, model_type: str, path: Path, dtype: str, *, offload: bool, suite: str | None, field: str | None
    ) -> tuple[LoadedModel, list[str]]:
        """The model on the device, loaded now or before, and the ids that were evicted for it.

        Raises ModelInvalid, OutOfMemory.
        """
        known = self.by_path(path, model_type)
        ids: dict[str, str | None] = {}
        if known is not None:
            if known.dtype == dtype and known.offloaded == offload and known.signature == signature(path):
                known.last_used = time.monotonic()
                known.ids[model_id] = suite or known.ids.get(model_id)
                return known, []
            ids = known.ids
            self.remove(known)
        evicted: list[str] = []
        for attempt in range(_READS_MAX):
            # Taken before the first read and compared after the last, so that the weights are those of the signature.
            before = signature(path)
            facts = describe(path)
            self.require_type(facts, model_type, model_id, field)
            evicted += [] if offload else self._make_room(facts.bytes_at(dtype), model_id, suite)
            value = self._read(facts, model_type, dtype, offload, model_id, field, evicted)
            if signature(path) == before:
                break
            _log.warning("%s was replaced while it was loaded; it is loaded again", path)
            value = None  # the next attempt needs its memory
            if attempt == _READS_MAX - 1:
                message = f"the files of {model_id} change while they are read"
                raise ModelInvalid(message, field=field, hint="wait until they are written, and try again")
        memory = _memory_of(value, model_type)
        ids[model_id] = suite or ids.get(model_id)
        model = LoadedModel(ids, model_type, facts, before, dtype, value, memory, offload)
        with self._lock:
            self._models.append(model)
        return model, evicted

    def remove(self, model: LoadedModel) -> None:
        """Takes a model off the device."""
        with self._lock:
            self._models = [other for other in self._models if other is not model]
        model.value = None
        model.extras.clear()
        gc.collect()
        self.device.empty_cache()

    def with_suite(self, model: LoadedModel) -> list[LoadedModel]:
        """The model and the other parts of its suites."""
        suites = {suite for suite in model.ids.values() if suite is not None}
        return [m for m in self.all() if m is model or suites & {s for s in m.ids.values() if s is not None}]

    def require_type(self, facts: ModelFacts, model_type: str, model_id: str, field: str | None) -> None:
        """Raises ModelInvalid where the files are of another kind."""
        # Upscaling nets have many architectures; the names of tensors tell only some of them, and the reader knows all.
        known = facts.model_type
        if known == model_type or (known is None and model_type == "upscaler"):
            return
        what = f"is a {known}" if known else "is nothing that is known here"
        raise ModelInvalid(f"{model_id} {what}, not a {model_type}", field=field, hint="see validate_model_files")

    def _read(
        self,
        facts: ModelFacts,
        model_type: str,
        dtype: str,
        offload: bool,
        model_id: str,
        field: str | None,
        evicted: list[str],
    ) -> Any:
        """The live model. Where memory runs out, idle models are evicted (into `evicted`), and it is read again."""
        try:
            return self._read_once(facts, model_type, dtype, offload, model_id, field)
        except OutOfMemory:
            gone = self.evict_idle(model_id)
            if not gone:
                raise
            evicted += gone
        return self._read_once(facts, model_type, dtype, offload, model_id, field)

    def _read_once(
        self, facts: ModelFacts, model_type: str, dtype: str, offload: bool, model_id: str, field: str | None
    ) -> Any:
        target = torch.device("cpu") if offload else self.device.torch_device
        reader: Callable[[ModelFacts, str, torch.device], Any] = READERS[model_type]
        try:
            value = reader(facts, dtype, target)
            self.device.synchronize()
            if target.type == "cpu":
                _touch_pages(value, model_type)
            return value
        except ContractError as error:
            error.field = error.field or field
            raise
        except Exception as error:
            if is_out_of_memory(error):
                failure = self.device.out_of_memory(error, f"loading {model_id}")
                gc.collect()
                self.device.empty_cache()
                raise failure from error
            raise ModelInvalid(f"{model_id} cannot be loaded: {cause_of(error, facts.path)}", field=field) from error

    def _idle(self) -> list[LoadedModel]:
        """The idle models: no job holds them or a part of their suites."""
        return [m for m in self.all() if not m.offloaded and not any(p.pinned for p in self.with_suite(m))]

    def _evict(self, model: LoadedModel, for_what: str) -> list[str]:
        """Takes a model and the parts of its suite off the device; returns their ids."""
        gone: list[str] = []
        for part in self.with_suite(model):
            _log.info("%s is evicted for %s", part.model_id, for_what)
            gone += part.ids
            self.remove(part)
        return gone

    def evict_idle(self, for_what: str) -> list[str]:
        """Takes every idle model off the device; returns their ids."""
        gone: list[str] = []
        while idle := self._idle():
            gone += self._evict(idle[0], for_what)
        return gone

    def make_room_to_work(self, needed: int, for_what: str) -> list[str]:
        """Evicts idle models, the oldest first, until a job has `needed` bytes beside its models; returns their ids.

        Does not raise where they do not suffice: `needed` is an estimate, and decoding has leaner ways.
        """
        gone: list[str] = []
        while (free := self.device.free_bytes()) is not None and free < needed:
            idle = self._idle()
            if not idle:
                break
            gone += self._evict(min(idle, key=lambda model: model.last_used), for_what)
        self.device.gather(needed)
        return gone

    def _make_room(self, needed: int, model_id: str, suite: str | None) -> list[str]:
        """Evicts idle models, the oldest first, until `needed` bytes fit; returns their ids."""
        evicted: list[str] = []
        while not self._fits(needed):
            candidates = self._idle()
            if suite is not None:
                candidates = [m for m in candidates if suite not in m.ids.values()]
            if not candidates:
                stats = self.device.memory_stats()
                raise OutOfMemory(
                    f"{model_id} needs {needed >> 20} MiB, and {self.used_bytes >> 20} of {self.budget_bytes >> 20} MiB "
                    "hold models that are in use",
                    hint="free memory first: unload_model, or another dtype",
                    details={
                        "needed_mb": round(needed / 2**20, 1),
                        "models_mb": round(self.used_bytes / 2**20, 1),
                        "budget_mb": round(self.budget_bytes / 2**20, 1),
                        "free_mb": round(stats.vram_available_bytes / 2**20, 1),
                    },
                )
            evicted += self._evict(min(candidates, key=lambda model: model.last_used), model_id)
        return evicted

    def _fits(self, needed: int) -> bool:
        if self.used_bytes + needed > self.budget_bytes:
            return False
        free = self.device.free_bytes()
        if free is not None and free < needed:
            return False
        self.device.gather(needed)
        return True


@cache
def _freeze_libraries() -> None:
    """Excludes the objects of imports from garbage collection: they live as long as the process, and each eviction collects."""
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # libraries that count their objects at the end would report leaks


def _tensors_of(value: Any, model_type: str) -> Iterator[torch.Tensor]:
    """The weights of a live model."""
    if model_type in ("sdxl", "sdxl_refiner"):
        parts = list(value.components.values())
    elif model_type == "lora":
        yield from value.tensors.values()
        return
    elif model_type == "textual_inversion":
        yield from (value.clip_l, value.clip_g)
        return
    elif model_type == "upscaler":
        parts = [value.model]
    else:
        parts = [value[0] if isinstance(value, tuple) else value]
    for part in parts:
        if isinstance(part, torch.nn.Module):
            yield from (*part.parameters(), *part.buffers())


def _memory_of(value: Any, model_type: str) -> int:
    """Bytes that the weights of a live model take."""
    return sum(tensor.numel() * tensor.element_size() for tensor in _tensors_of(value, model_type))


def _touch_pages(value: Any, model_type: str) -> None:
    """Reads a byte of each page of mapped weights. Otherwise the first job, and not the load, would read them from disk."""
    for tensor in _tensors_of(value, model_type):
        if tensor.device.type == "cpu" and tensor.is_contiguous() and tensor.numel():
            tensor.detach().view(-1).view(torch.uint8)[::_PAGE].max()
