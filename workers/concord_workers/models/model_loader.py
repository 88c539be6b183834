"""Loads, caches, frees and describes models, for the load, unload, cache, suite and info commands.

One thread (the one that runs jobs and loads) changes what is loaded; queries may read from others. Every method that a
command maps to returns the `data` of its reply.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from concord_workers.core.clock import timestamp
from concord_workers.core.device_manager import Device
from concord_workers.core.errors import ContractError, ModelInvalid, ModelNotFound
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.job_context import JobContext
from concord_workers.core.roots import Roots
from concord_workers.core.scalar import shorten
from concord_workers.models.device_models import DeviceModels, LoadedModel
from concord_workers.models.facts import describe
from concord_workers.models.file_checks import validate_path
from concord_workers.models.model_facts import ModelFacts, family_of
from concord_workers.models.model_finder import Located, ModelFinder
from concord_workers.models.ram_cache import CachedModel, RamCache

__all__ = ["Lease", "ModelLoader"]

_SUITE_TYPES = {"base": "sdxl", "refiner": "sdxl_refiner", "vae": "vae"}


class ModelLoader:
    """All models of one worker."""

    def __init__(self, device: Device, roots: Roots, settings: InferenceSettings) -> None:
        self.device = device
        self.roots = roots
        stats = device.memory_stats()
        # A tenth stays free for activations; a job that needs more evicts idle models (`make_room_to_work`).
        budget = settings.vram_budget_bytes if settings.vram_budget_bytes is not None else int(stats.vram_total_bytes * 0.9)
        cache_budget = settings.ram_budget_bytes
        if cache_budget is None:
            cache_budget = Device("cpu_0", "cpu").memory_stats().vram_available_bytes // 2
        self.on_device = DeviceModels(device, budget)
        self.cache = RamCache(cache_budget)
        configured = {f"controlnet_{kind}": ref for kind, ref in settings.control_nets.items()} | dict(settings.upscalers)
        self._registry = ModelFinder(roots, self._path_taken, configured)
        self._current: str | None = None

    # Queries

    @property
    def current_model_id(self) -> str | None:
        """The base model that was loaded or used last and is still loaded."""
        self._forget_current()
        return self._current

    def current_model(self) -> LoadedModel | None:
        current = self.current_model_id
        return self.on_device.by_id(current) if current is not None else None

    def resolve(self, reference: str, field: str | None = None) -> Located:
        """Id and path of the model that a job names. Raises ModelNotFound, PathNotAllowed."""
        return self._registry.resolve(reference, field)

    def locate(self, path: str, field: str | None = None) -> Located:
        """Id and path of a model that is always named by its path (an inversion)."""
        return self._registry.locate(path, field)

    def resolve_path(self, path: str, field: str | None = None) -> Path:
        """The path of a model that is always named by its path."""
        return self.locate(path, field).path

    def describe(self, reference: str, field: str | None = None) -> ModelFacts:
        """Facts of the model that a job names, from its headers; nothing is loaded."""
        try:
            return describe(self.resolve(reference, field).path)
        except ContractError as error:
            error.field = error.field or field
            raise

    def get_model_info(self, model_id: str | None = None) -> dict[str, Any]:
        """`get_model_info`. Raises ModelNotFound for an id that is neither loaded nor cached."""
        rows = [_row_of_loaded(model, own_id) for model in self.on_device.all() for own_id in model.ids]
        loaded = {row["model_id"] for row in rows}
        rows += [_row_of_cached(model) for model in self.cache.models() if model.model_id not in loaded]
        if model_id is not None:
            rows = [row for row in rows if row["model_id"] == model_id]
            if not rows:
                raise ModelNotFound(f"{shorten(model_id)} is neither loaded nor cached", field="/model_id")
        return {"models": sorted(rows, key=lambda row: str(row["model_id"]))}

    def validate_model_files(
        self,
        model_paths: list[str] | None = None,
        suite: str | None = None,
        deep: bool = False,
        context: JobContext | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> dict[str, Any]:
        """`validate_model_files`. context: gets the warnings. check: called between pieces, may raise."""
        context = context or JobContext()
        if model_paths is not None:
            named = {f"/model_paths/{index}": path for index, path in enumerate(model_paths)}
            return {"results": [validate_path(self.roots, path, field, deep, context, check) for field, path in named.items()]}
        assert suite is not None, "the contract asks for paths or a suite"
        paths = {str(m.facts.path): None for m in self.on_device.all() if suite in m.ids.values()}
        paths |= {str(m.facts.path): None for m in self.cache.models() if m.suite == suite}
        if not paths:
            raise ModelNotFound(f"no suite {shorten(suite)} is loaded or cached", field="/suite")
        return {"results": [validate_path(self.roots, path, "/suite", deep, context, check) for path in paths]}

    # Commands

    def load(
        self, model_path: str, model_type: str, model_id: str | None = None, context: JobContext | None = None
    ) -> dict[str, Any]:
        """`load_model`: brings a model to the device, beside those that are there."""
        located = self._registry.name_path(model_path, model_id, "/model_path")
        return self._load(located, model_type, context or JobContext(), None)

    def load_from_cache(self, model_id: str, context: JobContext | None = None) -> dict[str, Any]:
        """`load_from_cache`. Raises ModelNotFound where the id is not cached."""
        cached = self.cache.get(model_id)
        if cached is None:
            raise ModelNotFound(f"{shorten(model_id)} is not cached", field="/model_id", hint="load_model_to_cache")
        located = Located(model_id, cached.facts.path)
        return self._load(located, cached.model_type, context or JobContext(), cached.suite, "/model_id")

    def load_to_cache(
        self, model_path: str, model_type: str, model_id: str | None = None, context: JobContext | None = None
    ) -> dict[str, Any]:
        """`load_model_to_cache`: brings a model's bytes into RAM."""
        located = self._registry.name_path(model_path, model_id, "/model_path")
        return self._cache(located, model_type, context or JobContext(), None)

    def load_suite(self, suite_name: str, paths: dict[str, str], context: JobContext | None = None) -> dict[str, Any]:
        """`load_sdxl_suite`; paths: component (base, refiner, vae) → path. All or nothing."""
        return self._suite(suite_name, paths, context or JobContext(), self._load, self._unload_part)

    def cache_suite(self, suite_name: str, paths: dict[str, str], context: JobContext | None = None) -> dict[str, Any]:
        """`cache_sdxl_suite`, likewise."""
        return self._suite(suite_name, paths, context or JobContext(), self._cache, self.cache.drop)

    def unload(self, model_id: str | None = None) -> dict[str, Any]:
        """`unload_model`: takes one model with the parts of its suite, or all models, off the device."""
        if model_id is None:
            going = self.on_device.all()
        else:
            model = self.on_device.by_id(model_id)
            if model is None:
                raise ModelNotFound(f"{shorten(model_id)} is not loaded", field="/model_id", hint="see get_model_info")
            if len(model.ids) > 1 and model.ids[model_id] is None:
                del model.ids[model_id]  # the model stays loaded under its other ids
                self._forget_current()
                return {"model_ids": [model_id], "freed_bytes": 0}
            going = self.on_device.with_suite(model)
        result = {
            "model_ids": sorted(own_id for model in going for own_id in model.ids),
            "freed_bytes": sum(model.memory_bytes for model in going),
        }
        for model in going:
            self.on_device.remove(model)
        self._forget_current()
        return result

    @contextmanager
    def lease(self, context: JobContext) -> Iterator[Lease]:
        """Keeps the models of one job on the device until it ends."""
        lease = Lease(self, context)
        try:
            yield lease
        finally:
            for model in lease.models:
                model.pinned = False
                model.last_used = time.monotonic()

    # Helpers

    def _path_taken(self, model_id: str) -> Path | None:
        loaded = self.on_device.by_id(model_id)
        if loaded is not None:
            return loaded.facts.path
        return next((m.facts.path for m in self.cache.models() if m.model_id == model_id), None)

    def acquire(
        self,
        located: Located,
        model_type: str,
        dtype: str,
        context: JobContext,
        *,
        offload: bool,
        suite: str | None,
        field: str | None,
    ) -> tuple[LoadedModel, float, bool]:
        """The model on the device, the seconds of its load, and whether its bytes were in the RAM cache."""
        context.check()
        cached = self.cache.holds(located.path)
        began = time.monotonic()
        before = self.on_device.by_path(located.path, model_type)
        with _about(field):
            model, evicted = self.on_device.add(
                located.model_id, model_type, located.path, dtype, offload=offload, suite=suite, field=field
            )
        seconds = 0.0 if model is before else time.monotonic() - began
        if evicted:
            gone = ", ".join(evicted)
            context.warn("model_swapped", f"{gone} left the device to make room for {located.model_id}", field)
        if (text := model.facts.unused_text) is not None:
            context.warn("weights_unused", text, field)
        if model_type == "sdxl":
            self._current = located.model_id
        if self._current is not None and self.on_device.by_id(self._current) is None:
            self._forget_current()
        return model, seconds, cached

    def _load(
        self, located: Located, model_type: str, context: JobContext, suite: str | None, field: str = "/model_path"
    ) -> dict[str, Any]:
        context.progress("loading", 0, 1)
        began = time.monotonic()
        model, _, from_cache = self.acquire(
            located, model_type, self.device.default_dtype, context, offload=False, suite=suite, field=field
        )
        context.progress("loading", 1, 1)
        return {
            "model_id": located.model_id,
            "load_time_seconds": time.monotonic() - began,
            "model_size_bytes": model.facts.file_bytes,
            "gpu_id": self.device.gpu_id,
            "from_cache": from_cache,
            "memory_used_bytes": model.memory_bytes,
        }

    def _cache(
        self, located: Located, model_type: str, context: JobContext, suite: str | None, field: str = "/model_path"
    ) -> dict[str, Any]:
        context.progress("loading", 0, 1)
        began = time.monotonic()
        with _about(field):
            facts = describe(located.path)
        self.on_device.require_type(facts, model_type, located.model_id, field)
        if (text := facts.unused_text) is not None:
            context.warn("weights_unused", text, field)
        model = self.cache.put(located.model_id, model_type, facts, context.check, suite)
        context.progress("loading", 1, 1)
        return {
            "model_id": located.model_id,
            "load_time_seconds": time.monotonic() - began,
            "model_size_bytes": facts.file_bytes,
            "gpu_id": self.device.gpu_id,
            "from_cache": False,
            "memory_used_bytes": model.bytes,
        }

    def _suite(
        self,
        suite_name: str,
        paths: dict[str, str],
        context: JobContext,
        load: Callable[[Located, str, JobContext, str | None, str], dict[str, Any]],
        undo: Callable[[str], object],
    ) -> dict[str, Any]:
        began = time.monotonic()
        results: list[dict[str, Any]] = []
        component = ""
        try:
            for component, path in paths.items():
                field = f"/{component}_model_path"
                located = self._registry.name_path(path, f"sdxl_{suite_name}_{component}", field)
                result = load(located, _SUITE_TYPES[component], context, suite_name, field)
                results.append(
                    {
                        "component_type": component,
                        "model_id": located.model_id,
                        "success": True,
                        "model_size_bytes": result["model_size_bytes"],
                        "load_time_seconds": result["load_time_seconds"],
                    }
                )
        except ContractError as error:
            for result in results:
                undo(result["model_id"])
            if error.field in (None, "/model_path"):
                error.field = f"/{component}_model_path"
            error.details = (error.details or {}) | {"component": component, "rolled_back": [r["model_id"] for r in results]}
            raise
        return {
            "suite_name": suite_name,
            "component_results": results,
            "total_size_bytes": sum(result["model_size_bytes"] for result in results),
            "total_load_time_seconds": time.monotonic() - began,
        }

    def _unload_part(self, model_id: str) -> None:
        model = self.on_device.by_id(model_id)
        if model is not None:
            del model.ids[model_id]
            if not model.ids:
                self.on_device.remove(model)
        self._forget_current()

    def _forget_current(self) -> None:
        """After an eviction: the current base is the one used last among those that are left."""
        if self._current is not None and self.on_device.by_id(self._current) is not None:
            return
        bases = [model for model in self.on_device.all() if model.model_type == "sdxl"]
        self._current = max(bases, key=lambda model: model.last_used).model_id if bases else None


@contextmanager
def _about(field: str | None) -> Iterator[None]:
    """Makes an error of a model's files lead to the field that names the model."""
    try:
        yield
    except ModelInvalid as error:
        error.field = error.field or field
        raise


class Lease:
    """The models that one job holds. load_seconds: of loading them."""

    def __init__(self, loader: ModelLoader, context: JobContext) -> None:
        self._loader = loader
        self._context = context
        self.models: list[LoadedModel] = []
        self.load_seconds = 0.0

    def take(
        self, located: Located, model_type: str, dtype: str, *, field: str | None = None, offload: bool = False
    ) -> LoadedModel:
        """The model on the device for this job. Raises ModelInvalid, OutOfMemory."""
        model, seconds, _ = self._loader.acquire(
            located, model_type, dtype, self._context, offload=offload, suite=None, field=field
        )
        model.pinned = True
        self.models.append(model)
        self.load_seconds += seconds
        return model


def _row_of_loaded(model: LoadedModel, model_id: str) -> dict[str, Any]:
    return {
        "model_id": model_id,
        "model_type": model.model_type,
        "model_path": str(model.facts.path),
        "model_size_bytes": model.facts.file_bytes,
        "dtype": model.dtype,
        "location": "gpu",
        "loaded_at": timestamp(model.loaded_at),
        **family_of(model.model_type),
    }


def _row_of_cached(model: CachedModel) -> dict[str, Any]:
    return {
        "model_id": model.model_id,
        "model_type": model.model_type,
        "model_path": str(model.facts.path),
        "model_size_bytes": model.facts.file_bytes,
        "dtype": model.facts.dtype or "fp32",
        "location": "ram",
        "loaded_at": timestamp(model.cached_at),
        **family_of(model.model_type),
    }
