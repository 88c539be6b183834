"""The interface between the protocol and an engine. The real one is inference.sdxl_engine; tests have a fake."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from concord_workers.core.errors import ContractError, Internal
from concord_workers.core.job_context import JobContext

__all__ = ["Engine", "EngineSource", "Training"]

log = logging.getLogger(__name__)


class Training(Protocol):
    """The trainings of a worker."""

    @property
    def busy(self) -> bool: ...
    @property
    def running_id(self) -> str | None: ...
    @property
    def last_progress_seconds(self) -> float | None: ...
    @property
    def stage(self) -> str | None: ...
    def start(
        self, job: dict[str, Any], training_id: str | None = None, warn: Callable[[str, str, str], None] | None = None
    ) -> dict[str, Any]: ...
    def status(self, training_id: str) -> dict[str, Any]: ...
    def history(self, training_id: str) -> list[dict[str, Any]]: ...
    def stop(self, training_id: str, save_checkpoint: bool = True) -> dict[str, Any]: ...
    def shutdown(self, grace_seconds: float) -> None: ...
    def abandon(self, error: ContractError) -> None:
        """Ends every training that runs or waits as failed with this error. They can be resumed; no other starts."""

    def on_device_failure(self, call: Callable[[BaseException], None]) -> None:
        """Sets the callback for a training whose device can no longer compute; the training's thread calls it."""


class Engine(Protocol):
    """Device, models and pictures. A method with the name of an action returns the action's `data`.

    One thread calls `generate`, the loads and every other method that changes the loaded models; any thread may call the
    others. Documents are canonical: `normalized` has the sender's values alone, `effective` has its defaults too.
    """

    @property
    def training(self) -> Training: ...
    def memory_stats(self) -> dict[str, int]: ...
    def memory_used_mb(self) -> float: ...
    def peak_memory_used_mb(self) -> float: ...
    def current_model(self) -> dict[str, Any] | None: ...
    def capabilities(self) -> dict[str, Any]: ...
    def schedulers(self) -> dict[str, Any]: ...
    def controlnet_types(self) -> dict[str, Any]: ...
    def model_info(self, model_id: str | None) -> dict[str, Any]: ...
    def candidates(self) -> dict[str, list[str]]: ...
    def check(self, effective: dict[str, Any]) -> list[ContractError]: ...
    def predict_warnings(self, effective: dict[str, Any], context: JobContext) -> None: ...
    def estimate(self, effective: dict[str, Any]) -> dict[str, Any]: ...
    def optimize(
        self, normalized: dict[str, Any], effective: dict[str, Any], preferences: dict[str, Any]
    ) -> dict[str, Any]: ...
    def generate(self, effective: dict[str, Any], context: JobContext) -> dict[str, Any]: ...
    def load_model(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]: ...
    def load_model_to_cache(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]: ...
    def load_from_cache(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]: ...
    def load_sdxl_suite(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]: ...
    def cache_sdxl_suite(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]: ...
    def unload_model(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]: ...
    def cleanup_memory(self, fields: dict[str, Any], context: JobContext) -> dict[str, Any]: ...
    def validate_model_files(
        self, fields: dict[str, Any], context: JobContext, check: Callable[[], None]
    ) -> dict[str, Any]: ...


class EngineSource:
    """Makes the engine in a thread of its own, so that the worker answers while torch is imported, which takes seconds."""

    def __init__(self, make: Callable[[], Engine]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._waiting: list[Callable[[], None]] = []
        self.began = time.monotonic()
        self.engine: Engine | None = None
        self.error: BaseException | None = None

    def start(self) -> None:
        threading.Thread(target=self._run, name="engine-start", daemon=True).start()

    @property
    def is_ready(self) -> bool:
        """Whether the start is over, with an engine or with an error."""
        return self._ready.is_set()

    def wait_ready(self) -> None:
        """Waits until the start is over."""
        self._ready.wait()

    def wait(self) -> Engine:
        """Waits for the engine. Raises Internal where it could not be made."""
        self.wait_ready()
        return self.now()

    def now(self) -> Engine:
        """The engine of a start that is over. Raises Internal where it could not be made."""
        if self.engine is None:
            raise Internal(f"the engine did not start: {self.error}", hint="see the worker's log")
        return self.engine

    def when_ready(self, call: Callable[[], None]) -> bool:
        """Calls back, from the thread of the start, once it is over; False where it is over already."""
        with self._lock:
            if self._ready.is_set():
                return False
            self._waiting.append(call)
            return True

    def _run(self) -> None:
        try:
            self.engine = self._make()
        except BaseException as error:  # an import or a driver may raise anything; each reply that needs the engine names it
            log.error("the engine did not start", exc_info=error)
            self.error = error
        with self._lock:
            self._ready.set()
            waiting, self._waiting = self._waiting, []
        log.info("engine ready after %.2f s", time.monotonic() - self.began)
        for call in waiting:
            call()
