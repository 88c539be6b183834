"""Frames as bytes: claims descriptors 0 and 1, splits input into lines, writes lines.

This module imports nothing heavy: `claim_descriptors` runs before any import that may print.
"""

from __future__ import annotations

import atexit
import logging
import os
import select
import stat
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from concord_workers.core.log_output import LogOutput, flush_logs, make_non_blocking, text_stream

__all__ = ["FrameWriter", "Line", "LineDecoder", "ReadingFailed", "claim_descriptors", "is_null", "read_lines"]

log = logging.getLogger(__name__)

_BOM = b"\xef\xbb\xbf"
_READ_BYTES = 1 << 16
# PIPE_BUF on Linux: a writable pipe takes this many bytes without blocking.
_ATOMIC_BYTES = 4096


def claim_descriptors() -> tuple[int, int]:
    """Private descriptors for frames in and out.

    From now on descriptor 1 is stderr and descriptor 0 is empty, so that no library, C code or child process can write
    between the frames or read them. Both private descriptors are closed in children. `sys.stdout` and `sys.stderr` never
    wait for the reader of stderr.
    """
    _open_closed()
    make_non_blocking(2)
    incoming, outgoing = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    stream = text_stream(LogOutput(2))
    sys.stdout = sys.stderr = stream
    # The streams' own buffers fail on a pipe that does not block.
    sys.__stdout__ = sys.__stderr__ = stream  # type: ignore[misc]
    atexit.register(flush_logs)  # runs after the interpreter has printed its last traceback
    return incoming, outgoing


def _open_closed() -> None:
    """Opens the null device for each standard descriptor that is closed.

    Else the next file that is opened takes its number, and is read, written or logged to in its place.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one


def is_null(descriptor: int) -> bool:
    """Whether it is the null device, as each descriptor that was closed at the start is."""
    found = os.fstat(descriptor)
    return stat.S_ISCHR(found.st_mode) and found.st_rdev == os.stat(os.devnull).st_rdev


@dataclass(frozen=True)
class Line:
    """One line without its end, never blank and not yet checked. too_large: its length in bytes where it is over the limit."""

    content: bytes
    too_large: int = 0


class LineDecoder:
    """Splits a stream of bytes into lines: LF or CRLF; a BOM before the first frame and blank lines are read over.

    A line over the limit is reported once, and the stream goes on at the next LF.
    """

    def __init__(self, frame_bytes_max: int) -> None:
        self._pending = bytearray()
        self._frame_bytes_max = frame_bytes_max
        self._skipping = False
        self._begun = False

    def push(self, content: bytes) -> list[Line]:
        """Takes the next bytes and returns the lines that they complete."""
        *complete, rest = content.split(b"\n")
        lines: list[Line] = []
        for part in complete:
            self._extend(part, lines)
            self._end_line(lines)
        self._extend(rest, lines)
        return lines

    def finish(self) -> list[Line]:
        """Ends the stream: a last line without LF is a line too."""
        lines: list[Line] = []
        self._end_line(lines)
        return lines

    def _extend(self, part: bytes, lines: list[Line]) -> None:
        if self._skipping or not part:
            return
        self._pending += part
        # The CR and the BOM do not count as part of the frame.
        if len(self._pending) > self._frame_bytes_max + 1 + len(_BOM):
            lines.append(Line(b"", len(self._pending)))
            self._pending.clear()
            self._skipping = self._begun = True

    def _end_line(self, lines: list[Line]) -> None:
        if self._skipping:
            self._skipping = False
            return
        line = bytes(self._pending)
        self._pending.clear()
        if not self._begun:
            line = line.removeprefix(_BOM)
        if line.endswith(b"\r"):
            line = line[:-1]
        if not line.strip(b" \t\r"):
            return
        self._begun = True
        too_large = len(line) if len(line) > self._frame_bytes_max else 0
        lines.append(Line(b"" if too_large else line, too_large))


class ReadingFailed(Exception):
    """The input cannot be read any more, and commands may be lost."""


def read_lines(
    descriptor: int, frame_bytes_max: int, wake: int | None = None, keeps_begun: Callable[[], bool] = lambda: False
) -> Iterator[Line]:
    """Every line until the end of the stream, as soon as it is there.

    wake: a descriptor that ends the reading once it is readable; complete lines are returned first. keeps_begun: asked
    then; a line that has begun is treated as at the end of the stream, or else dropped. Raises ReadingFailed.
    """
    decoder = LineDecoder(frame_bytes_max)
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if wake is not None:
        poll.register(wake, select.POLLIN)
    while True:
        if any(ready == wake for ready, _ in poll.poll()):
            if keeps_begun():
                break
            return
        try:
            content = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            continue  # another holder of the pipe has made it non-blocking, and has read what was there
        except OSError as error:
            raise ReadingFailed(str(error)) from error
        if not content:
            break
        yield from decoder.push(content)
    yield from decoder.finish()


class FrameWriter:
    """Writes whole frames from any thread, in the order of the calls. A caller never waits for the reader.

    A frame goes straight to the descriptor where that cannot block; else a thread writes it later. Otherwise a peer that
    writes much before it reads would stop this worker from reading, and both would wait for ever.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        # Called once no frame can be written any more.
        self.on_break: Callable[[], None] = lambda: None
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting: deque[bytes] = deque()
        self._thread: threading.Thread | None = None
        self.broken = False

    def write(self, frame: bytes) -> None:
        """Writes one frame, its LF included."""
        with self._lock:
            if self.broken:
                return
            if not self._waiting and len(frame) <= _ATOMIC_BYTES and self._is_writable():
                frame = self._attempt(frame)
                if not frame:
                    return
            self._waiting.append(frame)
            if self._thread is None:
                self._thread = threading.Thread(target=self._drain, name="frames", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, seconds: float) -> bool:
        """Waits until every frame is written; False where the time was too short."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting or self.broken, seconds)

    def _is_writable(self) -> bool:
        events = self._poll.poll(0)
        return bool(events) and bool(events[0][1] & select.POLLOUT)

    def _attempt(self, frame: bytes) -> bytes:
        """Writes as much as the descriptor takes; returns the rest."""
        try:
            return frame[os.write(self._descriptor, frame) :]
        except BlockingIOError:
            return frame
        except OSError as error:
            self._break(error)
            return b""

    def _break(self, error: OSError) -> None:
        # No reply can be written, so further jobs would only occupy the device.
        self.broken = True
        self._waiting.clear()
        log.error("stdout broke, and the worker ends: %s", error.strerror)
        self.on_break()

    def _drain(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                frame = self._waiting[0]
            # Without the lock: the write waits for the peer. The frame keeps its place in the queue meanwhile.
            try:
                self._write_all(frame)
            except OSError as error:
                with self._changed:
                    self._break(error)
                    self._changed.notify_all()
                return
            with self._changed:
                self._waiting.popleft()
                self._changed.notify_all()

    def _write_all(self, frame: bytes) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        while frame:
            try:
                frame = frame[os.write(self._descriptor, frame) :]
            except BlockingIOError:
                poll.poll()  # another holder of the pipe has made it non-blocking
