"""One training from `queued` to its end: prepares, makes steps, saves, and keeps its record up to date."""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

from concord_workers.core.clock import timestamp
from concord_workers.core.device_failure import crashed_by, is_device_failure
from concord_workers.core.device_manager import is_out_of_memory
from concord_workers.core.errors import ContractError, Internal, StorageFull
from concord_workers.core.failure import is_disk_error
from concord_workers.core.log_context import current_command

from .base import Base, copy_of
from .checkpoint import latest_checkpoint, load_checkpoint, save_checkpoint
from .control import Control, Stop, Stopped
from .dataset import DataSet
from .dreambooth import FullTechnique
from .job import TEXTUAL_INVERSION, TrainingJob
from .latents import CachedLatents
from .lora import LoraTechnique
from .prompts import CachedCaptions
from .record import ENDED, Record
from .settings import TrainingSettings
from .source import BaseSource
from .technique import Technique
from .textual_inversion import InversionTechnique
from .trainer import Trainer
from .validation_pictures import draw_validation

__all__ = ["TrainingRun"]

log = logging.getLogger(__name__)

EVENT_MEMBERS = ("training_id", "state", "epoch", "step", "total_steps", "loss")

# Steps that the estimate of the remaining time averages over: enough to smooth it, few enough to follow a change.
STEPS_MEASURED = 50


class TrainingRun:
    """Owns a record and its lock until `execute` or `abandon` ends it. command: the one that started it, for the log."""

    def __init__(
        self,
        record: Record,
        job: TrainingJob,
        dataset: DataSet,
        source: BaseSource,
        settings: TrainingSettings,
        emit: Callable[[dict[str, Any]], None],
    ) -> None:
        self.record = record
        self.command = current_command()
        self.control = Control()
        self.failure: ContractError | None = None
        self.device_failure: BaseException | None = None
        self._job = job
        self.dataset = dataset
        self._source = source
        self._settings = settings
        self._emit = emit
        self._lock = threading.Lock()
        self._begun = False
        self._status = record.status()
        self._durations: deque[float] = deque(maxlen=STEPS_MEASURED)
        self._unwritten: list[dict[str, Any]] = []
        self._history_every = max(1, -(-self._status["total_steps"] // settings.history_rows_max))

    @property
    def output_path(self) -> Path:
        return self.record.folder / self._job.output_file

    def status(self) -> dict[str, Any]:
        """TrainingStatus, now."""
        with self._lock:
            return dict(self._status)

    def begin(self) -> bool:
        """Claims the training for the caller, who runs it or ends it before its turn. False where another thread claimed it."""
        with self._lock:
            first, self._begun = not self._begun, True
            return first

    def execute(self) -> None:
        """Runs to completed, paused, cancelled or failed. Raises nothing, so that the next training runs.

        The end is published once the memory is free: a reader of the status may use the device at once.
        """
        state, members = self._execute()
        try:
            self._source.free()
        except Exception:
            # A failed device frees nothing; the end must be published all the same.
            log.exception("the memory of training %s cannot be freed", self.record.training_id)
        self._finish(state, **members)

    def end_waiting(self, how: Stop) -> None:
        """Ends a training before its turn. A paused one keeps the checkpoint that it was resumed from, if any."""
        self._finish("paused" if how is Stop.PAUSE else "cancelled")

    def abandon(self, error: ContractError) -> None:
        """Ends a training whose process ends: failed, and resumable from its last checkpoint."""
        self._finish("failed", failure=error, working=True)

    def _execute(self) -> tuple[str, dict[str, Any]]:
        trainer: Trainer | None = None
        try:
            try:
                self.control.stage = "loading"
                self._publish(state="preparing")
                with self._source.lease(self._job.base_model, self.control) as base:
                    with self._stage("preprocessing"):
                        vae, trainer = self._prepare(base)
                    self._publish(state="running")
                    self._train(base, vae, trainer)
                    return "completed", {"output_path": self._save(trainer)}
            except Stopped as stopped:
                if stopped.how is Stop.CANCEL:
                    return "cancelled", {}
                if trainer is not None and trainer.step > 0:
                    self._checkpoint(trainer)
                return "paused", {}
        except BaseException as exc:
            log.error("training %s failed", self.record.training_id, exc_info=exc)
            if is_device_failure(exc):
                self.device_failure = exc
            return "failed", {"failure": self._coded(exc)}

    def _prepare(self, base: Base) -> tuple[Any, Trainer]:
        job, check = self._job, self.control.check
        vae = copy_of(base.vae, torch.float32)
        latents = CachedLatents(vae, self.dataset, job.resolution, job.seed, base.device, check)
        technique = self._technique(base)
        trainer = Trainer(job, self._status["total_steps"], base, technique, latents, self._settings.fixed_noise)
        checkpoint = latest_checkpoint(self.record.checkpoints)
        if checkpoint is not None:
            trainer.resume(load_checkpoint(checkpoint))
        self.record.cut_history(trainer.step)
        return (vae if job.validation_every is not None else None), trainer

    def _technique(self, base: Base) -> Technique:
        job = self._job
        captions = [picture.caption for picture in self.dataset.pictures]
        if job.training_type == TEXTUAL_INVERSION:
            return InversionTechnique(base, captions, str(job.placeholder_token), str(job.initializer_token))
        cached = CachedCaptions(base, captions, self.control.check)
        if job.full:
            return FullTechnique(base, cached)
        return LoraTechnique(base, cached, job.rank, job.alpha, job.seed)

    def _train(self, base: Base, vae: Any, trainer: Trainer) -> None:
        total = self._status["total_steps"]
        while trainer.step < total:
            started = time.monotonic()
            loss, learning_rate = trainer.advance(self.control.check)
            self._durations.append(time.monotonic() - started)
            step = trainer.step
            pictures = []
            if self._job.validation_every is not None and step % self._job.validation_every == 0:
                pictures.append(self._validate(base, vae, trainer))
            self._record_step(step, loss, learning_rate, pictures)
            if step % self._job.checkpoint_every == 0 and step < total:
                self._checkpoint(trainer)
                self._publish(state="running")

    def _record_step(self, step: int, loss: float, learning_rate: float, pictures: list[str]) -> None:
        total = self._status["total_steps"]
        epoch = -(-step // self._steps_per_epoch())
        if pictures or step == 1 or step == total or step % self._history_every == 0:
            row = {"step": step, "epoch": epoch, "loss": loss, "learning_rate": learning_rate, "recorded_at": timestamp()}
            self._unwritten.append({**row, **({"validation_images": pictures} if pictures else {})})
            self._write_history(must=step == total)
        remaining = (total - step) * sum(self._durations) / len(self._durations)
        self._publish(
            durable=False,
            step=step,
            epoch=epoch,
            progress=step / total,
            loss=loss,
            learning_rate=learning_rate,
            estimated_seconds_remaining=remaining,
        )

    def _write_history(self, *, must: bool) -> None:
        """Writes the rows that are not on file yet. After a full disk they wait for the next write; the training goes on."""
        try:
            while self._unwritten:
                self.record.append_history(self._unwritten[0])
                self._unwritten.pop(0)
        except OSError as exc:
            if must or not is_disk_error(exc):
                raise
            log.warning("training %s: %d rows of history wait for disk space", self.record.training_id, len(self._unwritten))

    def _steps_per_epoch(self) -> int:
        return self._job.steps_per_epoch(len(self.dataset.pictures))

    def _validate(self, base: Base, vae: Any, trainer: Trainer) -> str:
        path = self.record.validation / f"step-{trainer.step:08d}.png"
        steps = self._settings.validation_steps
        with self._stage("denoising"):
            draw_validation(self._job, base, vae, trainer.technique, steps, path, self.control.check)
        return str(path)

    def _checkpoint(self, trainer: Trainer) -> None:
        self._publish(state="checkpointing")
        with self._stage("saving"):
            path = save_checkpoint(self.record.checkpoints, trainer.checkpoint(), self.control.moved)
        self._publish(checkpoint_path=str(path))

    def _save(self, trainer: Trainer) -> str:
        """Saves the output. The last checkpoint stays: a resume with more epochs or max_steps starts from it."""
        self._checkpoint(trainer)
        beside = self.output_path.with_name(f".{self.output_path.name}")
        _remove(beside)
        with self._stage("saving"):
            trainer.technique.save(beside)
        # A rename cannot replace a folder. Only a training that was resumed after its end has one already.
        _remove(self.output_path)
        os.replace(beside, self.output_path)
        _open_to_readers(self.output_path)
        return str(self.output_path)

    @contextmanager
    def _stage(self, stage: str) -> Iterator[None]:
        self.control.stage = stage
        try:
            yield
        finally:
            self.control.stage = None

    def _publish(self, durable: bool = True, **members: object) -> None:
        """Publishes progress. Raises Stopped where another thread has published the end."""
        self.control.moved()
        with self._lock:
            if self.control.ended.is_set():
                raise Stopped(Stop.CANCEL)
            self._status.update(updated_at=timestamp(), **members)
            self._write_status(durable)
        self._send_event()

    def _write_status(self, durable: bool) -> None:
        """Writes a step's status. A full disk does not end the training: memory has the status, and the next one is written."""
        try:
            self.record.write_status(self._status, durable)
        except OSError as exc:
            if durable or not is_disk_error(exc):
                raise
            log.warning("training %s: the status of a step cannot be written: %s", self.record.training_id, exc.strerror)

    def _finish(self, state: str, failure: ContractError | None = None, working: bool = False, **members: object) -> None:
        """Publishes the end; the first one counts. working: the thread may still write, so that the record stays locked."""
        with self._lock:
            if self.control.ended.is_set():
                return
            self.failure = failure
            self._status.pop("estimated_seconds_remaining", None)
            at = timestamp()
            self._status.update(state=state, updated_at=at, **members)
            if failure is not None:
                self._status["error"] = f"{failure.code}: {failure.message}"
            if state in ENDED:
                self._status["completed_at"] = at
            try:
                self.record.write_status(self._status)
            except OSError:
                # A full disk may be the cause of the failure. Memory has the status; the next start settles the file.
                log.exception("the record of training %s cannot be written", self.record.training_id)
            if not working:
                self.record.release()
            self.control.ended.set()
        self._send_event()

    def _send_event(self) -> None:
        status = self.status()
        try:
            self._emit(
                {
                    "event": "training_progress",
                    "request_id": None,
                    **{name: status[name] for name in EVENT_MEMBERS if name in status},
                }
            )
        except Exception:
            # A reader that is gone must not end hours of training; the record has the missed events.
            log.exception("an event of training %s could not be sent", self.record.training_id)

    def _coded(self, exc: BaseException) -> ContractError:
        """The contract's error for the end of a training, without the frames that hold its tensors."""
        if is_device_failure(exc):
            return crashed_by(exc)
        if isinstance(exc, ContractError):
            return ContractError(exc.code, exc.message, field=exc.field, hint=exc.hint, details=exc.details, errors=exc.errors)
        if is_out_of_memory(exc):
            return self._source.device.out_of_memory(exc, "training")
        if _is_disk_full(exc):
            return StorageFull(f"the output dir is full: {exc}")
        return Internal(f"{type(exc).__name__}: {exc}")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _open_to_readers(path: Path) -> None:
    """Makes a file readable for all: safetensors writes it for its owner alone, and other workers of the host load it."""
    for file in path.rglob("*.safetensors") if path.is_dir() else [path]:
        file.chmod(0o644)


def _is_disk_full(exc: BaseException) -> bool:
    if isinstance(exc, OSError):
        return is_disk_error(exc)
    # safetensors writes files by itself, and its error has the cause as text alone.
    worded = re.search(r"os error (\d+)", str(exc)) if isinstance(exc, SafetensorError) else None
    return worded is not None and is_disk_error(OSError(int(worded[1]), ""))
