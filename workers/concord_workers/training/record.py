"""The record of a training under `<output-dir>/training/<training_id>/`, and its lock.

    job.json       the job with defaults applied, and the data set it was checked against; written once a start
    status.json    TrainingStatus, written beside and renamed
    history.jsonl  one row a line, only ever appended to; cut back to the checkpoint when a training goes on
    checkpoints/   see checkpoint.py
    validation/    validation pictures
    lock           held (flock) by the process whose training this is; the kernel frees it when that process dies

Several workers share one output dir: the lock shows the owner of a record, `names/` has the output names in use.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from concord_workers.core.clock import timestamp
from concord_workers.core.errors import Conflict, Internal, TrainingNotFound, UnsupportedValue
from concord_workers.core.new_file import publish
from concord_workers.core.scalar import shorten
from concord_workers.core.tables import matches

__all__ = ["ACTIVE", "Record", "RecordStore", "write_beside"]

log = logging.getLogger(__name__)

ACTIVE = frozenset({"queued", "preparing", "running", "checkpointing"})
ENDED = frozenset({"completed", "failed", "cancelled"})
NAMES = "names"


def write_beside(path: Path, content: bytes, durable: bool = False) -> None:
    """Writes a file under another name and renames it, so that no reader sees half of it. durable: synced before the rename."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(beside, "wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


class Record:
    """One training's folder. Whoever changes it holds its lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None

    @property
    def training_id(self) -> str:
        return self.folder.name

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def validation(self) -> Path:
        return self.folder / "validation"

    def acquire(self) -> bool:
        """Takes the lock; False where another owner, in this process or another one, has it."""
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def job(self) -> dict[str, Any]:
        return self._read("job.json")

    def write_job(self, document: dict[str, Any]) -> None:
        write_beside(self.folder / "job.json", _json(document), durable=True)

    def status(self) -> dict[str, Any]:
        return self._read("status.json")

    def write_status(self, status: dict[str, Any], durable: bool = True) -> None:
        write_beside(self.folder / "status.json", _json(status), durable)

    def append_history(self, row: dict[str, Any]) -> None:
        """Appends a whole row or nothing: half a row, as a full disk leaves it, would damage the next. Raises OSError."""
        content = _json(row)
        with open(self.folder / "history.jsonl", "ab", buffering=0) as file:
            before = file.seek(0, os.SEEK_END)
            try:
                written = file.write(content)
                if written != len(content):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            except OSError:
                file.truncate(before)
                raise

    def history(self) -> list[dict[str, Any]]:
        """The rows, oldest first. A last line that a crash cut short is left out, with a line in the log."""
        path = self.folder / "history.jsonl"
        if not path.exists():
            return []
        *lines, rest = path.read_bytes().split(b"\n")
        if rest:
            log.warning("history of training %s ends in the middle of a row; that row is left out", self.training_id)
        return [json.loads(line) for line in lines]

    def cut_history(self, step: int) -> None:
        """Drops the rows after a step, as the resumed training writes them again."""
        kept = [row for row in self.history() if row["step"] <= step]
        write_beside(self.folder / "history.jsonl", b"".join(_json(row) for row in kept), durable=True)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            document: dict[str, Any] = json.loads((self.folder / name).read_bytes())
        except ValueError as exc:
            raise Internal(f"the record of training {self.training_id} is damaged: {name} is no JSON") from exc
        return document


class RecordStore:
    """All records under one output dir."""

    def __init__(self, output_dir: Path) -> None:
        self.root = output_dir / "training"

    def create(self, training_id: str, output_name: str, job: dict[str, Any], status: dict[str, Any]) -> Record:
        """A new record, locked. Raises Conflict for a training_id or output_name in use, and leaves no file."""
        if not _is_training_id(training_id):
            raise UnsupportedValue(f"{shorten(training_id)} is no training id")
        self.root.mkdir(parents=True, exist_ok=True)
        record = Record(self.root / training_id)
        try:
            record.folder.mkdir()
        except FileExistsError:
            raise Conflict(f"training {training_id} exists already") from None
        try:
            record.acquire()
            record.write_job(job)
            record.write_status(status)
            self._take_name(output_name, training_id)
        except BaseException:
            record.release()
            shutil.rmtree(record.folder)
            raise
        return record

    def open(self, training_id: str) -> Record:
        """The record of a training. Raises TrainingNotFound."""
        record = Record(self.root / training_id)
        if not _is_training_id(training_id) or not (record.folder / "status.json").is_file():
            raise TrainingNotFound(f"there is no training {shorten(training_id)}")
        return record

    def status(self, training_id: str) -> dict[str, Any]:
        """The status on file, after `settle`."""
        record = self.open(training_id)
        if record.status()["state"] in ACTIVE and record.acquire():
            try:
                self.settle(record)
            finally:
                record.release()
        return record.status()

    def settle(self, record: Record) -> None:
        """Makes a record that says "running" but has no owner `failed`: its worker died. The caller holds the lock."""
        status = record.status()
        if status["state"] not in ACTIVE:
            return
        checkpoint = status.get("checkpoint_path")
        rest = f"its last checkpoint is {checkpoint}" if checkpoint else "it had no checkpoint yet"
        error = f"the worker ended at step {status['step']} of {status['total_steps']} while {status['state']}; {rest}"
        status.pop("estimated_seconds_remaining", None)
        at = timestamp()
        record.write_status({**status, "state": "failed", "error": error, "updated_at": at, "completed_at": at})

    def recover(self, on_failed: Callable[[str], None]) -> None:
        """Settles the records of workers that died. Called once, at the start of a worker."""
        for record in self._records():
            try:
                before = record.status()["state"]
                if self.status(record.training_id)["state"] != before:
                    on_failed(record.training_id)
            except Internal:
                # One damaged record must not stop the worker's start; commands about it get the error.
                log.exception("training %s cannot be recovered", record.training_id)

    def _records(self) -> Iterator[Record]:
        if self.root.is_dir():
            for folder in sorted(self.root.iterdir()):
                if (folder / "status.json").is_file():
                    yield Record(folder)

    def _take_name(self, name: str, training_id: str) -> None:
        """Takes a name by a file that `publish` never overwrites. A name whose training's folder was deleted is free."""
        names = self.root / NAMES
        names.mkdir(exist_ok=True)
        path = names / name
        with contextlib.suppress(FileNotFoundError):
            owner = path.read_text()
            if owner and not (self.root / owner).is_dir():
                path.unlink()
        beside = names / f".{training_id}"
        beside.write_text(training_id)
        try:
            publish(beside, path)
        except FileExistsError:
            message = f"output_name {shorten(name)} is taken by training {path.read_text()}"
            raise Conflict(message, field="/output_name") from None
        finally:
            beside.unlink(missing_ok=True)


def _is_training_id(text: str) -> bool:
    """Whether a text can name a training's folder. Its output is a model with that id."""
    return matches("ModelId", text) and text != NAMES


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, allow_nan=False, separators=(",", ":")).encode() + b"\n"
