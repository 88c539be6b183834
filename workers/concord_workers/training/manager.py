"""The trainings of one worker: accepts, stops and looks them up, and runs them one at a time in a background thread."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from concord_workers.core.clock import timestamp
from concord_workers.core.device_manager import Device
from concord_workers.core.errors import Conflict, ContractError, ImageInvalid, Internal, ShuttingDown, ValidationFailed
from concord_workers.core.ids import uuid7
from concord_workers.core.log_context import resume_command_context
from concord_workers.core.roots import Roots
from concord_workers.core.violation import CanonicalViolation
from concord_workers.models.model_loader import ModelLoader

from .checkpoint import latest_checkpoint, step_of
from .control import Stop
from .dataset import DataSet, read_dataset
from .job import DREAMBOOTH, TEXTUAL_INVERSION, TrainingJob, document_of, new_job, resumed_job, unused_fields
from .record import ACTIVE, Record, RecordStore
from .run import TrainingRun
from .settings import TrainingSettings
from .source import BaseSource
from .textual_inversion import check_tokens

__all__ = ["TrainingManager"]

log = logging.getLogger(__name__)

Emit = Callable[[dict[str, Any]], None]
Warn = Callable[[str, str, str], None]


class TrainingManager:
    """Thread safe. While `busy`, the device belongs to training.

    emit: called from the background thread with the members of a `training_progress` event; the sender adds attempt,
        sequence and timestamp.
    """

    def __init__(self, device: Device, loader: ModelLoader, roots: Roots, settings: TrainingSettings, emit: Emit) -> None:
        self._source = BaseSource(device, loader, settings.dtype)
        self._roots = roots
        self._settings = settings
        self._emit = emit
        self._store = RecordStore(Path(roots.output_dir))
        self._lock = threading.Lock()
        self._runs: list[TrainingRun] = []
        self._accepted = 0
        self._waiting: queue.SimpleQueue[TrainingRun | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._leaving = False
        self._device_failed: Callable[[BaseException], None] = lambda error: None
        self._store.recover(lambda training_id: log.warning("training %s was cut off by a crash: failed", training_id))

    @property
    def busy(self) -> bool:
        """Whether a training runs or waits: jobs, loads, unloads, cache and cleanup are then `worker_busy`."""
        return bool(self._live())

    @property
    def running_id(self) -> str | None:
        """The running training, or else the next one."""
        return next((run.record.training_id for run in self._live()), None)

    @property
    def last_progress_seconds(self) -> float | None:
        """Seconds since the last progress of the running training (a micro-batch, a picture, a file); None where none runs."""
        return next((run.control.last_progress_seconds for run in self._live()), None)

    @property
    def stage(self) -> str | None:
        """For heartbeats: loading, preprocessing, denoising or saving; None during training steps, or where none runs."""
        return next((run.control.stage for run in self._live()), None)

    def start(
        self, job: Mapping[str, object] | object, training_id: str | None = None, warn: Warn | None = None
    ) -> dict[str, Any]:
        """Accepts a training, or resumes a recorded one (`resume_from`): {training_id, state, output_path}.

        job: the canonical document, with the sender's values alone. warn: called with code, message and pointer.
        Reads and decodes the whole data set first, so it may take minutes; call it where that may block.
        Raises the errors of §8: `validation_failed` for violations of the data set, `conflict`, `training_not_found`,
        `model_not_found`, `path_not_allowed`, and `queue_full`.
        """
        document = document_of(job)
        with self._place():
            if "resume_from" in document:
                run, chosen = self._resumed(document)
            else:
                run, chosen = self._created(document, training_id or uuid7())
            if warn is not None:
                for code, message in run.dataset.warnings:
                    warn(code, message, "/training_data")
                for pointer, message in unused_fields(document, chosen, run.status()["total_steps"]):
                    warn("no_effect", message, pointer)
            state = self._enqueue(run)
        return {"training_id": run.record.training_id, "state": state, "output_path": str(run.output_path)}

    def status(self, training_id: str) -> dict[str, Any]:
        """TrainingStatus. loss is there once the first step is done."""
        run = self._run(training_id)
        return run.status() if run is not None else self._store.status(training_id)

    def history(self, training_id: str) -> list[dict[str, Any]]:
        """The rows, oldest first."""
        return self._store.open(training_id).history()

    def stop(self, training_id: str, save_checkpoint: bool = True) -> dict[str, Any]:
        """Stops a training and waits until it has stopped: {state, checkpoint_path?}.

        With a checkpoint it is `paused`, else `cancelled`; `state` has its own end where it ended by itself meanwhile.
        Before its first step there is nothing to save: `paused` without a checkpoint_path, and a resume begins at the
        first step. Raises Conflict where it does not run here, or the error of writing the checkpoint.
        """
        run = self._run(training_id)
        if run is None:
            state = self._store.status(training_id)["state"]
            where = "runs in another worker" if state in ACTIVE else f"is {state}"
            raise Conflict(f"training {training_id} cannot be stopped: it {where}")
        how = Stop.PAUSE if save_checkpoint else Stop.CANCEL
        if not run.control.request(how):
            raise Conflict(f"training {training_id} is being stopped already")
        if run.begin():
            run.end_waiting(how)
        run.control.ended.wait()
        if run.failure is not None:
            raise run.failure
        status = run.status()
        members = ("state",) if status["state"] == "cancelled" else ("state", "checkpoint_path")
        return {name: status[name] for name in members if name in status}

    def shutdown(self, grace_seconds: float) -> None:
        """Pauses the running training with a checkpoint, and the waiting ones. A late one is `failed`. No other starts."""
        deadline = time.monotonic() + grace_seconds
        with self._lock:
            self._leaving = True
        runs = self._live()
        for run in reversed(runs):
            # An earlier request to cancel counts.
            if run.control.request(Stop.PAUSE) and run.begin():
                run.end_waiting(Stop.PAUSE)
        for run in runs:
            if not run.control.ended.wait(max(0.0, deadline - time.monotonic())):
                reason = f"shutting_down: no checkpoint within {grace_seconds:g} s; the last one stands"
                run.abandon(ShuttingDown(reason))
        self._waiting.put(None)

    def abandon(self, error: ContractError) -> None:
        """See core.engine.Training."""
        with self._lock:
            self._leaving = True
        for run in self._live():
            run.begin()
            run.abandon(error)
        self._waiting.put(None)

    def on_device_failure(self, call: Callable[[BaseException], None]) -> None:
        """See core.engine.Training."""
        self._device_failed = call

    def _created(self, document: dict[str, Any], training_id: str) -> tuple[TrainingRun, TrainingJob]:
        job = new_job(document, training_id)
        base = self._base(job)
        dataset = self._dataset(job)
        status = _first_status(job, training_id, len(dataset.pictures))
        record = self._store.create(training_id, job.output_name, _recorded(job, base, dataset), status)
        return self._new_run(record, job, dataset), job

    def _resumed(self, document: dict[str, Any]) -> tuple[TrainingRun, TrainingJob]:
        record = self._store.open(document["resume_from"])
        if not record.acquire():
            raise Conflict(f"training {record.training_id} runs or waits already", field="/resume_from")
        try:
            self._store.settle(record)
            recorded = record.job()
            job = resumed_job(document, TrainingJob.from_record(recorded["job"]))
            base = self._base(job)
            dataset = self._dataset(job)
            _require_same("/base_model", "the base model", recorded["base"], base)
            _require_same("/training_data", "the training data", recorded["data"], dataset.fingerprint)
            status = _next_status(record, job, len(dataset.pictures))
            record.write_job(_recorded(job, base, dataset))
            record.write_status(status)
            return self._new_run(record, job, dataset), job
        except BaseException:
            record.release()
            raise

    def _new_run(self, record: Record, job: TrainingJob, dataset: DataSet) -> TrainingRun:
        return TrainingRun(record, job, dataset, self._source, self._settings, self._emit)

    def _base(self, job: TrainingJob) -> str:
        base = self._source.find(job.base_model)
        if job.training_type == TEXTUAL_INVERSION:
            check_tokens(self._source.tokenizers(job.base_model), str(job.placeholder_token), str(job.initializer_token))
        return base

    def _dataset(self, job: TrainingJob) -> DataSet:
        try:
            root = self._roots.resolve_input(job.training_data, field="/training_data")
        except ImageInvalid as exc:
            entry: CanonicalViolation = {"pointer": "/training_data", "code": "validation_failed", "message": exc.message}
            raise ValidationFailed(exc.message, field="/training_data", hint=exc.hint, errors=[entry]) from exc
        default = {DREAMBOOTH: job.instance_prompt, TEXTUAL_INVERSION: f"a photo of {job.placeholder_token}"}
        must_hold = job.placeholder_token if job.training_type == TEXTUAL_INVERSION else None
        return read_dataset(root, default.get(job.training_type), must_hold, self._accepting)

    def _accepting(self) -> None:
        if self._leaving:
            raise ShuttingDown("the worker is shutting down")

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        """Holds one of the places for running and waiting trainings, until the training ends or is refused."""
        with self._lock:
            self._accepting()
            if self._accepted > self._settings.queue_max:
                raise ContractError("queue_full", f"{self._accepted} trainings run or wait already")
            self._accepted += 1
        try:
            yield
        except BaseException:
            with self._lock:
                self._accepted -= 1
            raise

    def _enqueue(self, run: TrainingRun) -> str:
        """Adds a run to the queue. One that was accepted while the worker began to stop is paused at once."""
        with self._lock:
            leaving = self._leaving
            self._runs.append(run)
            if not leaving:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="training", daemon=True)
                    self._thread.start()
                self._waiting.put(run)
        if leaving and run.begin():
            run.end_waiting(Stop.PAUSE)
            self._drop(run)
            return "paused"
        return "queued"

    def _work(self) -> None:
        while (run := self._waiting.get()) is not None:
            with resume_command_context(run.command):
                self._take_turn(run)

    def _take_turn(self, run: TrainingRun) -> None:
        """Runs one training. An error of any kind ends the training and not the thread, which runs the next one."""
        try:
            if run.begin():
                run.execute()
        except Exception as error:
            log.exception("the end of training %s cannot be published in full", run.record.training_id)
            run.abandon(Internal(f"{type(error).__name__}: {error}"))
        self._drop(run)
        if run.device_failure is not None:
            self._device_failed(run.device_failure)

    def _drop(self, run: TrainingRun) -> None:
        try:
            run.record.release()
        except OSError:
            log.exception("the lock of training %s cannot be given back", run.record.training_id)
        with self._lock:
            self._runs.remove(run)
            self._accepted -= 1

    def _live(self) -> list[TrainingRun]:
        with self._lock:
            return [run for run in self._runs if not run.control.ended.is_set()]

    def _run(self, training_id: str) -> TrainingRun | None:
        return next((run for run in self._live() if run.record.training_id == training_id), None)


def _recorded(job: TrainingJob, base: str, dataset: DataSet) -> dict[str, Any]:
    return {"job": job.to_record(), "base": base, "data": dataset.fingerprint}


def _require_same(field: str, what: str, recorded: str, found: str) -> None:
    if found != recorded:
        raise Conflict(f"{what} changed since this training began", field=field, hint="start a new training")


def _first_status(job: TrainingJob, training_id: str, pictures: int) -> dict[str, Any]:
    at = timestamp()
    return {
        "training_id": training_id,
        "training_type": job.training_type,
        "state": "queued",
        "progress": 0.0,
        "epoch": 0,
        "step": 0,
        "learning_rate": job.learning_rate,
        "started_at": at,
        "updated_at": at,
        **_length(job, pictures),
    }


def _next_status(record: Record, job: TrainingJob, pictures: int) -> dict[str, Any]:
    """The status of a resumed training: at its checkpoint's step, and queued."""
    status = record.status()
    checkpoint = latest_checkpoint(record.checkpoints)
    step = step_of(checkpoint) if checkpoint else 0
    length = _length(job, pictures)
    if step > length["total_steps"] or (status["state"] == "completed" and step == length["total_steps"]):
        raise Conflict(
            f"training {record.training_id} has done {step} steps, and the job now has {length['total_steps']}",
            field="/resume_from",
            hint="give more epochs or max_steps",
        )
    last = next((row for row in reversed(record.history()) if row["step"] <= step), None)
    kept = {name: value for name, value in status.items() if name not in ("error", "completed_at", "output_path", "loss")}
    return {
        **kept,
        **length,
        **({"checkpoint_path": str(checkpoint)} if checkpoint else {}),
        "state": "queued",
        "step": step,
        "epoch": -(-step // job.steps_per_epoch(pictures)),
        "progress": step / length["total_steps"],
        **({"loss": last["loss"]} if last else {}),
        "updated_at": timestamp(),
    }


def _length(job: TrainingJob, pictures: int) -> dict[str, int]:
    total_steps = job.total_steps(pictures)
    return {"total_steps": total_steps, "total_epochs": -(-total_steps // job.steps_per_epoch(pictures))}
