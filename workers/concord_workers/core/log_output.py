"""The log's output: a thread that logs never waits for the reader of the log.

A busy gateway, a pipe without a reader and a full disk must not stop a command. So all text for `sys.stderr` (the log,
warnings, tracebacks, prints of libraries) waits in a bounded queue, and one thread writes it to the descriptor. Lines that
do not fit are counted, and `N lines left out` is written once there is room again.

C libraries write to descriptor 2 past this queue. `make_non_blocking` keeps them from waiting too: their text is lost while
the pipe is full, without a count.
"""

from __future__ import annotations

import io
import os
import select
import signal
import stat
import sys
import threading
from collections import deque

__all__ = ["LogOutput", "flush_logs", "leave", "make_non_blocking", "open_log_file", "text_stream"]

# Some thousand lines: more than a start or a failed job writes, and small beside a worker's own memory.
_QUEUE_BYTES_MAX = 256 * 1024
# A text without a line end is written at this length: a progress bar must not grow for ever.
_PARTIAL_BYTES_MAX = 16 * 1024
# The wait for a slow reader at the end of the process. Short, as it comes after the grace of `shutdown`.
_FLUSH_SECONDS = 0.2

_outputs: list[LogOutput] = []


class LogOutput(io.RawIOBase):
    """The writing end of one log: `write` queues and returns, a thread of its own writes to the descriptor."""

    name = "<log>"

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        # Reentrant: a finalizer may log while this very thread holds the lock, whenever memory is collected.
        self._changed = threading.Condition(threading.RLock())
        self._waiting: deque[tuple[bytes, int]] = deque()
        self._waiting_bytes = 0
        self._partial = b""
        self._left_out = 0
        self._broken = False
        _outputs.append(self)
        threading.Thread(target=self._drain, name="log", daemon=True).start()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, content: bytes) -> int:  # type: ignore[override]  # bytes are all that the text layer writes
        """Queues whole lines; the rest waits for its line end."""
        with self._changed:
            lines, end, self._partial = (self._partial + bytes(content)).rpartition(b"\n")
            self._put(lines + end)
            if len(self._partial) > _PARTIAL_BYTES_MAX:
                self._put_partial()
        return len(content)

    def flush(self) -> None:
        """Queues a line that has no end yet; waits for nothing."""
        with self._changed:
            self._put_partial()

    def wait_until_written(self, seconds: float) -> bool:
        """Waits until the queue is empty; returns False where the time was too short."""
        self.flush()
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting or self._broken, seconds)

    def _put_partial(self) -> None:
        partial, self._partial = self._partial, b""
        self._put(partial)

    def _put(self, content: bytes) -> None:
        if not content or self._broken:
            return
        lines = max(content.count(b"\n"), 1)
        if self._waiting_bytes + len(content) > _QUEUE_BYTES_MAX:
            self._left_out += lines
            return
        self._put_note()
        self._append(content, lines)

    def _put_note(self) -> None:
        """Writes how many lines are missing, in their place."""
        if self._left_out:
            lines, self._left_out = self._left_out, 0
            self._append(b"concord: %d lines left out: the log was not read, or could not be written\n" % lines, lines)

    def _append(self, content: bytes, lines: int) -> None:
        self._waiting.append((content, lines))
        self._waiting_bytes += len(content)
        self._changed.notify_all()

    def _drain(self) -> None:
        # Signals are for the main thread: one that interrupts this thread would not wake that one.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        while not self._broken:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                content, lines = self._waiting[0]
            # Without the lock: the write waits for the reader. The lines keep their place in the queue meanwhile.
            is_written = self._write_all(poll, content)
            with self._changed:
                self._waiting.popleft()
                self._waiting_bytes -= len(content)
                if not is_written:
                    # Tried again with the next line, and not at once: a full disk would keep this thread busy.
                    self._left_out += lines
                elif not self._waiting:
                    self._put_note()
                self._changed.notify_all()

    def _write_all(self, poll: select.poll, content: bytes) -> bool:
        """Writes to the descriptor, and waits for it as long as needed; returns False where it cannot be written."""
        while content:
            try:
                poll.poll()
                content = content[os.write(self._descriptor, content) :]
            except BlockingIOError:
                continue  # the pipe had room for less, or a C library took it
            except BrokenPipeError:
                self._broken = True
                return False
            except OSError:
                return False
        return True


def text_stream(output: LogOutput) -> io.TextIOWrapper:
    """Returns a text stream for the place of `sys.stderr`. It escapes lone surrogates in place of raising an error."""
    # LogOutput is raw. The text layer asks for a buffered stream, but needs only that each write takes everything.
    return io.TextIOWrapper(output, encoding="utf-8", errors="backslashreplace", write_through=True)


def open_log_file(path: str) -> io.TextIOWrapper:
    """Opens a log file to append to. Raises OSError where it cannot be opened, or is a FIFO that nobody reads."""
    # O_NONBLOCK: a FIFO without a reader would hold up the start for good.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
    return text_stream(LogOutput(os.open(path, flags, 0o666)))


def make_non_blocking(descriptor: int) -> None:
    """Keeps C libraries from waiting on a full pipe: their writes fail at once.

    O_NONBLOCK belongs to the open file, which the parent shares with us, so it is not set there: the pipe is opened anew
    through /proc and takes the descriptor's place. Files and terminals stay as they are, as nobody waits for their reader.
    Sockets stay too, and pipes of another user: they cannot be opened anew. There a C library may still wait.
    """
    try:
        if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return
        own = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return  # no reader any more, no /proc, or another user's pipe
    os.dup2(own, descriptor)
    os.close(own)


def flush_logs(seconds: float = _FLUSH_SECONDS) -> None:
    """Waits a short time until all logs are written."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    for output in _outputs:
        output.wait_until_written(seconds)


def leave(code: int) -> None:
    """Ends the process at once, threads in native code included; what was logged is written first, within a short time."""
    flush_logs()
    os._exit(code)
