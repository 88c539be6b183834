"""The handlers of actions, in one flat table, and validation and status of the worker.

A handler is a plain function of a command without violations. The pipeline manager decides when it runs.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from concord_workers.core.actions import actions
from concord_workers.core.bundle import bundle
from concord_workers.core.clock import timestamp
from concord_workers.core.effective import DeviceKind, effective
from concord_workers.core.engine import Engine, EngineSource
from concord_workers.core.envelope import Command
from concord_workers.core.errors import BeyondDevice, Conflict, ModelNotLoaded, UnsupportedFeature, UnsupportedValue, raise_all
from concord_workers.core.job_context import JobContext
from concord_workers.core.memory import memory_before_engine
from concord_workers.core.metrics import Metrics
from concord_workers.core.outcome import Outcome
from concord_workers.core.protocol_state import ProtocolState
from concord_workers.core.request_checks import document_of, is_about_document, report
from concord_workers.core.submission import Submission
from concord_workers.core.task import Task
from concord_workers.core.violation import Violation
from concord_workers.core.warning_rows import warning_rows
from concord_workers.inference.batch_processor import run_batch
from concord_workers.inference.pipeline_manager import PipelineManager
from concord_workers.inference.results import finish_result
from concord_workers.worker.self_test import run_self_test

__all__ = ["WORKER_VERSION", "BaseWorker"]

WORKER_VERSION = "0.1.0"


class BaseWorker:
    """One worker. device_name: of the GPU or processor, known before the engine is there."""

    def __init__(self, gpu_id: str, device_name: str, source: EngineSource) -> None:
        self.gpu_id = gpu_id
        self.device_name = device_name
        self.source = source
        self.metrics = Metrics()
        self._began = time.monotonic()
        self._last_activity = timestamp()
        self._is_initialized = False
        self._manager: PipelineManager | None = None
        self._queries: dict[str, Callable[[Task], Outcome]] = {
            "get_status": self._get_status,
            "get_queue_status": self._get_queue_status,
            "get_performance_metrics": self._get_performance_metrics,
            "get_capabilities": self._get_capabilities,
            "get_schedulers": lambda task: Outcome(source.now().schedulers()),
            "get_controlnet_types": lambda task: Outcome(source.now().controlnet_types()),
            "get_model_info": lambda task: Outcome(source.now().model_info(task.fields.get("model_id"))),
            "validate_request": self._validate_request,
            "get_performance_estimate": self._get_performance_estimate,
            "optimize_request": self._optimize_request,
            "validate_model_files": self._validate_model_files,
            "get_training_status": lambda task: Outcome(source.now().training.status(task.fields["training_id"])),
            "get_training_history": lambda task: Outcome({"rows": source.now().training.history(task.fields["training_id"])}),
        }
        self._work: dict[str, Callable[[Engine, Task], Outcome]] = {
            "load_model": _engine_work("load_model"),
            "load_model_to_cache": _engine_work("load_model_to_cache"),
            "load_from_cache": _engine_work("load_from_cache"),
            "load_sdxl_suite": _engine_work("load_sdxl_suite"),
            "cache_sdxl_suite": _engine_work("cache_sdxl_suite"),
            "unload_model": _engine_work("unload_model"),
            "cleanup_memory": _engine_work("cleanup_memory"),
            "validate_model_files": self._deep_validation,
            "generate_sdxl": self._generate,
            "generate_sdxl_enhanced": self._generate,
            "enhanced_sdxl": self._generate,
            "generate_image": self._generate,
            "run_inference": self._generate,
            "structured_inference": self._generate,
            "batch_generate": self._batch_generate,
            "start_training": self._start_training,
            "start_sdxl_training": self._start_training,
            "run_self_test": self._run_self_test,
        }

    # For the pipeline manager

    def watch(self, manager: PipelineManager) -> None:
        """Sets the manager whose queue the status reports."""
        self._manager = manager

    @property
    def manager(self) -> PipelineManager:
        assert self._manager is not None
        return self._manager

    @property
    def actions(self) -> list[str]:
        """The actions that are implemented, in the registry's order."""
        own = {*self._queries, *self._work, "initialize", "shutdown", "cancel", "stop_training"}
        return [name for name in actions() if name in own]

    @property
    def device_kind(self) -> DeviceKind:
        return "cpu" if self.gpu_id == "cpu_0" else "gpu"

    def needs_engine(self, action: str) -> bool:
        """Whether a query waits for the engine's start."""
        return action not in ("get_status", "get_queue_status", "get_performance_metrics")

    def violations_of(self, command: Command) -> list[Violation]:
        """The violations that end a command before it begins."""
        self._last_activity = timestamp()
        if command.action.name == "validate_request" and is_about_document(command):
            return []
        return command.reading.violations

    def timeout_of(self, command: Command, seconds: float | None) -> float | None:
        """The seconds that a job may take, from its receipt."""
        fields = command.reading.document or {}
        if command.action.name == "batch_generate":
            each = bundle()["limits"]["batch_request_seconds"]["value"]
            return float(fields.get("timeout_seconds", each * len(fields["requests"])))
        submission = Submission.of(fields)
        written = submission.document.get("metadata", {}).get("timeout_seconds") if submission is not None else None
        return float(written) if written is not None else seconds

    def sender_of(self, command: Command) -> Callable[..., str]:
        """Maps the engine's pointers to the sender's: those of a job point into its prompt submission."""
        submission = Submission.of(command.reading.document or {})
        if submission is None:
            return command.sender
        return lambda *pointers: command.sender(*map(submission.pointer, pointers))

    def warnings_of(self, command: Command, context: JobContext) -> list[dict[str, Any]]:
        """The engine's warnings, as `warning_details`."""
        return warning_rows(context, self.sender_of(command))

    def answer(self, task: Task) -> Outcome:
        """Computes a query."""
        return self._queries[task.action](task)

    def work(self, engine: Engine, task: Task) -> Outcome:
        """Runs the handler of a command for the working thread."""
        return self._work[task.action](engine, task)

    def initialize(self, task: Task, protocol: ProtocolState, is_busy: bool) -> Outcome:
        """Agrees on version, features and dialect, for the first time or anew. Raises Conflict where a job runs meanwhile."""
        fields = task.fields
        if protocol.initialized and is_busy:
            raise Conflict("a job runs: the features stay as they are until it has ended")
        index = fields.get("device_index")
        if index is not None and self.gpu_id != f"gpu_{index}":
            raise UnsupportedFeature(f"this worker is {self.gpu_id}, not gpu_{index}", field="/device_index")
        known = bundle()["limits"]["protocol_versions"]
        common = [version for version in fields.get("protocol_versions", known) if version in known]
        if not common:
            raise UnsupportedValue(
                f"no common protocol version; this worker speaks {', '.join(known)}", field="/protocol_versions"
            )
        features = [name for name in protocol.known_features() if name in fields.get("features", [])]
        task.dialect = fields.get("dialect", task.dialect)
        protocol.agree(features, fields.get("dialect"), task.dialect)
        self._is_initialized = True
        return Outcome(
            {
                "worker": "concord-python",
                "worker_version": WORKER_VERSION,
                "protocol_version": common[0],
                "features": features,
                "dialect": task.dialect,
                "gpu_id": self.gpu_id,
                "device_name": self.device_name,
                "pid": os.getpid(),
            }
        )

    # Status

    def state(self) -> str:
        """WorkerState."""
        if self.source.error is not None:
            return "error"
        if self.manager.is_stopping:
            return "draining"
        engine = self.source.engine
        if engine is None:
            return "starting"
        running = self.manager.running
        if running is not None and running.kind != "training":
            context = running.progressing
            is_load = not running.is_job or (context is not None and context.stage == "loading")
            return "loading" if is_load else "running"
        return "training" if engine.training.busy else "ready"

    def memory_stats(self) -> dict[str, int]:
        engine = self.source.engine
        return engine.memory_stats() if engine is not None else memory_before_engine(self.gpu_id)

    def _get_status(self, task: Task) -> Outcome:
        engine, running = self.source.engine, self.manager.running
        current = engine.current_model() if engine is not None else None
        data: dict[str, Any] = {
            "gpu_id": self.gpu_id,
            "state": self.state(),
            "is_initialized": self._is_initialized,
            "has_model_loaded": current is not None,
        }
        if current is not None:
            data["current_model_id"] = current["model_id"]
            data["model_loaded_at"] = current["loaded_at"]
            data["model_size_bytes"] = current["model_size_bytes"]
        data["active_inference_sessions"] = int(running is not None and running.is_job)
        data["last_activity"] = self._last_activity
        data["uptime_seconds"] = time.monotonic() - self._began
        if running is not None and running.request_id is not None:
            data["running_request_id"] = running.request_id
        data["memory_stats"] = self.memory_stats()
        if self.source.error is not None:
            data["error_message"] = f"the engine did not start: {self.source.error}"
        return Outcome(data)

    def _get_queue_status(self, task: Task) -> Outcome:
        jobs = self.manager.jobs()
        average = self.metrics.average_processing_seconds
        running = [job for job in jobs if job.state == "running"]
        queued = [job for job in jobs if job.state != "running"]
        spent = time.monotonic() - running[0].started if running and running[0].started is not None else 0.0
        left = max(average - spent, 0.0) if running and average is not None else 0.0
        rows = []
        for position, job in enumerate([*running, *queued], 0 if running else 1):
            if job.request_id is None:
                continue  # counted above; a row needs a request_id
            row: dict[str, Any] = {
                "request_id": job.request_id,
                "status": "running" if job.state == "running" else "queued",
                "queue_position": position,
                "queued_at": job.queued_at,
            }
            if job.started_at is not None:
                row["started_at"] = job.started_at
            elif average is not None:
                row["estimated_start_seconds"] = left + average * (position - 1)
            rows.append(row)
        data: dict[str, Any] = {
            "total_queued": len(queued),
            "currently_processing": len(running),
            **self.metrics.jobs,
            "queued_requests": rows,
        }
        if average is not None:
            data["average_processing_time_seconds"] = average
            data["estimated_queue_clear_seconds"] = left + average * len(queued)
        return Outcome(data)

    def _get_performance_metrics(self, task: Task) -> Outcome:
        engine = self.source.engine
        return Outcome(self.metrics.document(engine.peak_memory_used_mb() if engine is not None else None))

    def _get_capabilities(self, task: Task) -> Outcome:
        own = {
            "gpu_id": self.gpu_id,
            "device_name": self.device_name,
            "memory_stats": self.memory_stats(),
            "actions": self.actions,
        }
        return Outcome(self.source.now().capabilities() | own)

    # Queries about a prompt submission

    def _validate_request(self, task: Task) -> Outcome:
        assert task.command is not None
        context = JobContext()
        data = report(task.command, self.source.now(), self.device_kind, context)
        return Outcome(data, self.warnings_of(task.command, context))

    def _get_performance_estimate(self, task: Task) -> Outcome:
        return Outcome(self.source.now().estimate(self._sound_of(document_of(task.fields))))

    def _optimize_request(self, task: Task) -> Outcome:
        normalized = document_of(task.fields)
        preferences = effective("OptimizationPreferences", task.fields.get("preferences", {}), self.device_kind)
        return Outcome(self.source.now().optimize(normalized, self._sound_of(normalized), preferences))

    def _sound_of(self, normalized: dict[str, Any]) -> dict[str, Any]:
        """The effective submission. Raises its violations, except that it may be too large: the figures show that."""
        document = self.effective_of(normalized)
        raise_all([violation for violation in self.source.now().check(document) if not isinstance(violation, BeyondDevice)])
        return document

    def effective_of(self, normalized: dict[str, Any]) -> dict[str, Any]:
        """A submission with its defaults; a missing base is the current one. Raises ModelNotLoaded where there is none."""
        document: dict[str, Any] = effective("PromptSubmission", normalized, self.device_kind)
        if "base" not in document.get("model", {}):
            current = self.source.now().current_model()
            if current is None:
                raise ModelNotLoaded("the job names no model, and no base is loaded", hint="name one, or load_model first")
            document = {"model": {"base": current["model_id"]} | document.get("model", {}), **document}
            document["model"]["base"] = current["model_id"]
        return document

    # Work

    def _generate(self, engine: Engine, task: Task) -> Outcome:
        command, context = task.command, task.context
        assert command is not None and context is not None
        submission = Submission.of(task.fields)
        assert submission is not None
        document = self.effective_of(submission.document)
        validation = report(command, engine, self.device_kind, context) if task.action == "structured_inference" else None
        result = engine.generate(document, context)
        self.metrics.generation(len(result["images"]), result["generation_time_seconds"])
        data = finish_result(result, command, validation)
        return Outcome(data, self.warnings_of(command, context))

    def _batch_generate(self, engine: Engine, task: Task) -> Outcome:
        return Outcome(*run_batch(task, engine, self))

    def _start_training(self, engine: Engine, task: Task) -> Outcome:
        command = task.command
        assert command is not None
        warnings: list[dict[str, Any]] = []

        def warn(code: str, message: str, pointer: str) -> None:
            warnings.append({"code": code, "pointer": command.sender(pointer), "message": message})

        return Outcome(engine.training.start(task.fields, warn=warn), warnings)

    def _run_self_test(self, engine: Engine, task: Task) -> Outcome:
        assert task.context is not None
        return Outcome(run_self_test(task.fields["scope"], self, engine, task.context))

    # Files

    def _validate_model_files(self, task: Task) -> Outcome:
        assert task.command is not None
        context = JobContext()
        data = self.source.now().validate_model_files(task.fields, context, lambda: None)
        return Outcome(data, warning_rows(context, task.command.sender))

    def _deep_validation(self, engine: Engine, task: Task) -> Outcome:
        context = task.context
        assert context is not None
        pieces = 0

        def check() -> None:
            nonlocal pieces
            pieces += 1
            context.check()
            context.progress("loading", pieces, pieces)

        assert task.command is not None
        return Outcome(engine.validate_model_files(task.fields, context, check), warning_rows(context, task.command.sender))


def _engine_work(name: str) -> Callable[[Engine, Task], Outcome]:
    """A handler that is the engine's own method of that name."""

    def work(engine: Engine, task: Task) -> Outcome:
        context = task.context
        assert context is not None
        data = getattr(engine, name)(task.fields, context)
        assert task.command is not None
        return Outcome(data, warning_rows(context, task.command.sender))

    return work
