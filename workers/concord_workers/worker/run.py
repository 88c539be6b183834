"""The composition root of a worker: reads options, wires the rooms, feeds the lines, and ends within the grace."""

from __future__ import annotations

import gc
import importlib.util
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from concord_workers.core.bundle import limits
from concord_workers.core.communication import FrameWriter, ReadingFailed, is_null, read_lines
from concord_workers.core.engine import Engine, EngineSource
from concord_workers.core.exit_code import ExitCode
from concord_workers.core.folders import ConfigurationError, require_folders
from concord_workers.core.gpu_choice import Choice, GpuError, choose_gpu
from concord_workers.core.log_context import FORMAT, add_command
from concord_workers.core.log_output import leave, open_log_file
from concord_workers.core.memory import processor_name
from concord_workers.core.nvml import gpus
from concord_workers.core.options import Options, OptionsError, read_options
from concord_workers.core.protocol_state import ProtocolState
from concord_workers.inference.pipeline_manager import PipelineManager
from concord_workers.worker.base_worker import BaseWorker
from concord_workers.worker.heartbeat import Heartbeat

__all__ = ["MakeEngine", "run"]

log = logging.getLogger(__name__)

MakeEngine = Callable[[Choice, Options, Callable[[dict[str, Any]], None]], Engine]

# Packages that the engine needs. Searched for at the start, as importing them takes seconds.
_PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "peft", "safetensors", "spandrel", "PIL", "numpy")
# The last seconds of the 4 s grace are for a training's checkpoint.
_CHECKPOINT_SECONDS = 2.5
# Between the end of the grace and the end of the process, for the replies of cancelled jobs.
_LAST_WORDS_SECONDS = 0.7
# The reading thread has so long to end a process that must end; then another thread ends it.
_END_SECONDS = 5.0


def run(arguments: Sequence[str], incoming: int, outgoing: int, make_engine: MakeEngine | None = None) -> int:
    """Runs one worker until the end of its input, `shutdown` or a signal; the exit code."""
    try:
        options = read_options(arguments)
        _start_log(options)
        choice = choose_gpu(options.device, os.environ, gpus())
        if make_engine is None:
            _require_packages()
        require_folders(options)
    except (OptionsError, GpuError, ConfigurationError, OSError) as error:
        print(f"concord: the worker does not start: {error}", file=sys.stderr)
        return ExitCode.CONFIGURATION
    except SystemExit as left:
        # argparse has written its message; `--help` ends with 0.
        return ExitCode.CONFIGURATION if left.code else ExitCode.ENDED
    for note in choice.notes:
        log.warning("%s", note)
    if is_null(outgoing):
        log.error("stdout is closed, or the null device: no client could read a reply")
        return ExitCode.FAILED
    if is_null(incoming):
        log.warning("stdin is closed, or the null device: no command can come")
    _show_one_gpu(choice)
    writer = FrameWriter(outgoing)
    protocol = ProtocolState(writer)

    def emit(event: dict[str, Any]) -> None:
        members = {name: value for name, value in event.items() if name not in ("event", "request_id", "attempt")}
        protocol.event("training_progress", members)

    make = make_engine or _make_real_engine
    source = EngineSource(lambda: make(choice, options, emit))
    worker = BaseWorker(choice.gpu_id, choice.name or processor_name(), source)
    manager = PipelineManager(worker, protocol, source)
    worker.watch(manager)
    input_loop = _InputLoop(manager, source, options, incoming)
    writer.on_break = input_loop.stop_on_output_failure
    source.start()
    manager.start(input_loop.end_soon)
    Heartbeat(worker, manager, protocol).start()
    input_loop.run_to_end()
    if not writer.flush(_LAST_WORDS_SECONDS):
        log.error("the client does not read; the last lines are lost")
        return manager.exit_code or ExitCode.FAILED
    return manager.exit_code or input_loop.exit_code


class _InputLoop:
    """Reads lines until a reason to stop, then ends the worker within its grace."""

    def __init__(self, manager: PipelineManager, source: EngineSource, options: Options, incoming: int) -> None:
        self._manager = manager
        self._source = source
        self._options = options
        self._incoming = incoming
        self._grace = limits("stop_grace_seconds")
        self._deadline: float | None = None
        self._is_signalled = False
        # The time since which no reply can be written.
        self._output_failed_at: float | None = None
        self._input_failed = False
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)  # as `set_wakeup_fd` wants it

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.FAILED if self._output_failed or self._input_failed else ExitCode.ENDED

    @property
    def _output_failed(self) -> bool:
        return self._output_failed_at is not None

    def stop_on_output_failure(self) -> None:
        """Ends the worker: nobody reads its replies. It only wakes the main thread, as the caller holds the writer's lock."""
        self._output_failed_at = time.monotonic()
        os.write(self._wake, b"x")

    def end_soon(self) -> None:
        """Ends the reading. The process ends even where the reading thread hangs in a call of the device."""
        os.write(self._wake, b"x")
        threading.Thread(target=self._end_at_last, name="end", daemon=True).start()

    def _end_at_last(self) -> None:
        threading.Event().wait(_END_SECONDS)
        leave(self._manager.exit_code or ExitCode.CRASHED)

    def run_to_end(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        # A signal ends the reading by this descriptor. An exception of the handler could be lost: the kernel may interrupt
        # another thread, or this one just before it begins to wait.
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        # A line that has begun is answered at a signal as at the end of the input.
        lines = read_lines(self._incoming, self._options.frame_bytes_max, self._woken, lambda: self._is_signalled)
        try:
            for line in lines:
                if self._output_failed:
                    break
                self._manager.accept(line)
                if self._manager.shutdown_command is not None:
                    break
        except ReadingFailed as error:
            log.error("stdin cannot be read, and the worker ends: %s", error)
            self._input_failed = True
        if self._manager.exit_code is None:
            self._end()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._is_signalled = True
        self._end_within(self._grace)

    def _end(self) -> None:
        shutdown = self._manager.shutdown_command
        if shutdown is not None:
            self._end_within(shutdown.fields.get("grace_seconds", self._grace))
            threading.Thread(target=self._watch_for_end, name="stdin", daemon=True).start()
        elif self._options.on_eof == "stop":
            self._end_within(self._grace)
        self._manager.drain(self._deadline_for_jobs, _LAST_WORDS_SECONDS)
        self._end_training()
        self._manager.end_shutdown()

    def _end_within(self, seconds: float) -> None:
        """Sets the deadline, or brings it forward. A later one is ignored."""
        at = time.monotonic() + seconds
        if self._deadline is None or at < self._deadline:
            self._deadline = at

    def _deadline_for_training(self) -> float | None:
        if self._output_failed_at is None:
            return self._deadline
        # Only a training has the grace, for its checkpoint.
        at = self._output_failed_at + (self._grace if self._trains() else 0.0)
        return at if self._deadline is None else min(self._deadline, at)

    def _deadline_for_jobs(self) -> float | None:
        deadline = self._deadline_for_training()
        if deadline is None or not self._trains():
            return deadline
        return deadline - min(_CHECKPOINT_SECONDS, self._grace / 2)

    def _trains(self) -> bool:
        engine = self._source.engine
        return engine is not None and engine.training.busy

    def _end_training(self) -> None:
        engine = self._source.engine
        if engine is None:
            return
        pause = threading.Event()
        while (deadline := self._deadline_for_training()) is None and engine.training.busy:
            pause.wait(0.2)
        grace = 0.0 if deadline is None else max(deadline - time.monotonic(), 0.0)
        engine.training.shutdown(grace)

    def _watch_for_end(self) -> None:
        """Drops input after `shutdown`. The end of stdin shortens a longer grace."""
        try:
            for _ in read_lines(self._incoming, self._options.frame_bytes_max):
                continue
        except ReadingFailed as error:
            log.warning("stdin cannot be read any more: %s", error)  # then as at its end
        self._end_within(self._grace)


def _require_packages() -> None:
    """Raises ConfigurationError where a package is not installed."""
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigurationError(f"the packages {', '.join(missing)} are not installed; run workers/setup.sh")


def _make_real_engine(choice: Choice, options: Options, emit: Callable[[dict[str, Any]], None]) -> Engine:
    from concord_workers.core.roots import Roots

    # What the libraries define lives to the end. Collections meanwhile find no garbage, and took a sixth of the start;
    # frozen, it is not visited by later ones.
    gc.disable()
    try:
        from concord_workers.inference.sdxl_engine import SdxlEngine
    finally:
        gc.enable()
    gc.collect()
    gc.freeze()
    roots = Roots(options.model_roots, options.input_roots, options.output_dir)
    return SdxlEngine(choice.gpu_id, roots, options.engine, emit, deterministic=options.deterministic)


def _show_one_gpu(choice: Choice) -> None:
    """Shows CUDA this worker's GPU alone, by its UUID: CUDA numbers GPUs in another order than NVML."""
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    os.environ["CUDA_VISIBLE_DEVICES"] = choice.uuid or ""
    # Models come from the model roots alone; no library may search or fetch elsewhere.
    os.environ.update(HF_HUB_OFFLINE="1", HF_HUB_DISABLE_PROGRESS_BARS="1", HF_HUB_DISABLE_TELEMETRY="1")


def _start_log(options: Options) -> None:
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if options.log_file is not None:
        handlers.append(logging.StreamHandler(open_log_file(options.log_file)))
    for handler in handlers:
        handler.addFilter(add_command)
    logging.basicConfig(
        level=options.log_level.upper(),
        format=FORMAT,
        handlers=handlers,
        force=True,
    )
    logging.captureWarnings(True)
