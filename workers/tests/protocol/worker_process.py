"""A worker process under test: commands in, lines out, each wait bounded."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
WORKERS = HERE.parent.parent
WAIT_SECONDS = 180.0


class WorkerProcess:
    """Owns the process. lines: everything that came on stdout so far, as it came.

    stderr: a descriptor in the place of the pipe that `errors` and `error_line` read.
    """

    def __init__(
        self, folder: Path, *flags: str, script: Path = HERE / "fake_worker.py", stderr: int | None = None, **environment: str
    ) -> None:
        self.folder = folder
        hidden = ("CUDA_VISIBLE_DEVICES", "GPU_ID", "CONCORD_MODEL_ROOTS", "CONCORD_INPUT_ROOTS", "CONCORD_OUTPUT_DIR")
        inherited = {name: value for name, value in os.environ.items() if name not in hidden}
        self.process = subprocess.Popen(
            [sys.executable, str(script), "--worker", "pipeline_manager", "--output-dir", str(folder), *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if stderr is None else stderr,
            env={**inherited, "OMP_NUM_THREADS": "1", **environment},
            cwd=folder,
        )
        self.lines: list[bytes] = []
        self._queue: queue.Queue[bytes | None] = queue.Queue()
        self._errors: list[str] = []
        self._errors_ended = self.process.stderr is None
        self._errors_changed = threading.Condition()
        for read in (self._read, self._read_errors):
            threading.Thread(target=read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            self._queue.put(line)
        self._queue.put(None)

    def _read_errors(self) -> None:
        if self.process.stderr is not None:
            with self.process.stderr as lines:
                for line in lines:
                    with self._errors_changed:
                        self._errors.append(line.decode(errors="replace"))
                        self._errors_changed.notify_all()
        with self._errors_changed:
            self._errors_ended = True
            self._errors_changed.notify_all()

    def write(self, content: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(content)
        self.process.stdin.flush()

    def send(self, *commands: dict[str, Any]) -> None:
        self.write(b"".join(json.dumps(command).encode() + b"\n" for command in commands))

    def next(self, seconds: float = WAIT_SECONDS) -> dict[str, Any] | None:
        """The next frame; None at the end of stdout."""
        line = self._queue.get(timeout=seconds)
        return None if line is None else json.loads(line)

    def until(self, found: Callable[[dict[str, Any]], bool], seconds: float = WAIT_SECONDS) -> dict[str, Any]:
        """The next frame of a kind; what comes before it stays in `lines`."""
        while (frame := self.next(seconds)) is not None:
            if found(frame):
                return frame
        raise AssertionError(f"the worker ended; it said {self.lines[-3:]} and {self.errors()[-2000:]}")

    def reply(self, request_id: str | None = None) -> dict[str, Any]:
        """The next reply, of any or of one command; snake, camel or pascal."""
        return self.until(lambda f: "event" not in f and "Event" not in f and request_id in (None, id_of(f)))

    def ask(self, command: dict[str, Any]) -> dict[str, Any]:
        self.send(command)
        return self.reply(command.get("request_id"))

    def event(self, name: str) -> dict[str, Any]:
        return self.until(lambda frame: frame.get("event") == name)

    def close(self) -> None:
        """The end of its stdin."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def end(self) -> int:
        """The exit code, once stdout has ended too."""
        code = self.process.wait(WAIT_SECONDS)
        while self.next() is not None:
            pass
        return code

    def frames(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    def errors(self) -> str:
        """What came on stderr so far; all of it once the process has ended."""
        with self._errors_changed:
            if self.process.poll() is not None:
                self._errors_changed.wait_for(lambda: self._errors_ended, WAIT_SECONDS)
            return "".join(self._errors)

    def error_line(self, text: str, seconds: float = WAIT_SECONDS) -> str:
        """The first line on stderr that holds a text. A log line may come after the reply that it is about."""

        def found() -> str | None:
            return next((line for line in self._errors if text in line), None)

        with self._errors_changed:
            self._errors_changed.wait_for(lambda: found() is not None or self._errors_ended, seconds)
            line = found()
        assert line is not None, f"no line of stderr holds {text!r}: {self.errors()[-2000:]}"
        return line

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass


def id_of(frame: dict[str, Any]) -> Any:
    return next((frame[name] for name in ("request_id", "RequestId", "requestId") if name in frame), None)
