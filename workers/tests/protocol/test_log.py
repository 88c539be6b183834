"""The log can not hurt: a reader that does not read, has gone, or a disk that is full holds up no command."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
import threading

import pytest
from documents import job
from worker_process import HERE, WORKERS, WorkerProcess

from concord_workers.core.log_output import LogOutput, open_log_file, text_stream

FAKE = HERE / "fake_worker.py"


class FullPipe:
    """A pipe that is full and that nobody reads until `drain`."""

    def __init__(self):
        self.reading, self.writing = os.pipe()
        fcntl.fcntl(self.writing, fcntl.F_SETPIPE_SZ, 4096)
        os.set_blocking(self.writing, False)
        try:
            while True:
                os.write(self.writing, b"x")
        except BlockingIOError:
            os.set_blocking(self.writing, True)

    def drain(self, until: bytes = b"") -> bytes:
        """Reads until some words have come, or the end."""
        self.close_writing()
        said = b""
        while not until or until not in said:
            part = os.read(self.reading, 1 << 16)
            if not part:
                break
            said += part
        return said

    def close_writing(self):
        if self.writing is not None:
            os.close(self.writing)
            self.writing = None

    def close(self):
        self.close_writing()
        os.close(self.reading)


@pytest.fixture
def pipe():
    full = FullPipe()
    yield full
    full.close()


@pytest.fixture
def start(tmp_path, pipe):
    """Starts workers whose stderr is the full pipe."""
    started = []

    def start_worker(script, *flags):
        worker = WorkerProcess(tmp_path, "--device", "cpu", *flags, script=script, stderr=pipe.writing)
        started.append(worker)
        return worker

    yield start_worker
    for worker in started:
        worker.kill()


@pytest.mark.parametrize("script", [FAKE, WORKERS / "main.py"], ids=["fake engine", "real worker"])
def test_an_unread_stderr_holds_up_no_command(start, pipe, script):
    # No folder `inputs` is there: the worker warns before it reads its first line.
    worker = start(script)
    assert worker.ask({"action": "get_status", "request_id": "a", "payload": {}})["success"]
    assert not worker.ask({"action": "unload_model", "request_id": "b", "payload": {"model_id": "absent"}})["success"]
    worker.send({"action": "shutdown", "request_id": "end", "payload": {}})
    assert worker.end() == 0
    assert worker.frames()[-1]["request_id"] == "end"


def test_what_was_logged_is_said_once_somebody_reads(start, pipe):
    worker = start(FAKE)
    assert worker.ask({"action": "get_status", "request_id": "a", "payload": {}})["success"]
    assert b"inputs does not exist" in pipe.drain(until=b"inputs does not exist")
    worker.send({"action": "shutdown", "request_id": "end", "payload": {}})
    assert worker.end() == 0


def test_lines_that_find_no_room_are_counted_in_their_place(start, pipe):
    worker = start(FAKE)
    assert worker.ask(job("a", "print much"))["success"]
    said = pipe.drain(until=b"lines left out")
    worker.send(job("b", "print"), {"action": "shutdown", "request_id": "end", "payload": {}})
    said += pipe.drain()
    assert worker.end() == 0
    lines = said.decode().splitlines()
    logged = [int(number) for number in re.findall(r"line (\d+) of the log", said.decode())]
    left_out = sum(map(int, re.findall(r"concord: (\d+) lines left out", said.decode())))
    assert logged == list(range(len(logged)))
    # Beside them up to four lines, where they found no room: three of Python's warning, one of print(). C's are not counted.
    assert left_out - (20_000 - len(logged)) in range(5)
    note = next(index for index, line in enumerate(lines) if "left out" in line)
    assert any("print() was here" in line for line in lines[note:])


def test_what_stops_the_start_is_said_to_who_reads_and_waits_for_nobody(start, pipe):
    worker = start(WORKERS / "main.py", "--device", "gpu_77")
    assert worker.end() == 78
    worker = start(WORKERS / "main.py", "--nonsense")
    assert worker.end() == 78


@pytest.mark.parametrize("how", ["raise RuntimeError('the end')", "import sys; sys.exit('the end')"])
def test_the_traceback_of_the_end_is_said(how):
    script = (
        f"import sys; sys.path.insert(0, {str(WORKERS)!r})\n"
        "from concord_workers.core.communication import claim_descriptors\nclaim_descriptors()\n"
        f"{how}\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "the end" in ended.stderr


@pytest.mark.parametrize("target", ["/dev/full", "a reader that has gone"])
def test_a_log_that_can_not_be_written_is_no_error(tmp_path, target):
    reading, writing = os.pipe()
    os.close(reading)
    if target == "/dev/full":
        os.close(writing)
        writing = os.open(target, os.O_WRONLY)
    worker = WorkerProcess(tmp_path, "--device", "cpu", stderr=writing)
    os.close(writing)
    try:
        assert worker.ask(job("a", "print much"))["success"]
        worker.send({"action": "shutdown", "request_id": "end", "payload": {}})
        assert worker.end() == 0
    finally:
        worker.kill()


def test_a_log_file_that_is_a_pipe_holds_up_no_command(tmp_path):
    fifo = tmp_path / "log"
    os.mkfifo(fifo)
    unread = WorkerProcess(tmp_path, "--device", "cpu", "--log-file", str(fifo))
    assert unread.end() == 78
    unread.kill()
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    worker = WorkerProcess(tmp_path, "--device", "cpu", "--log-file", str(fifo))
    try:
        assert worker.ask(job("a", "print much"))["success"]
        worker.send({"action": "shutdown", "request_id": "end", "payload": {}})
        assert worker.end() == 0
    finally:
        worker.kill()
        os.close(reading)


def test_a_finalizer_may_log_while_its_thread_logs(tmp_path):
    reading, writing = os.pipe()
    stream = text_stream(LogOutput(writing))
    output = stream.buffer

    class Loud:
        def __del__(self):
            print("from a finalizer", file=stream)

    done = threading.Event()

    def log_twice():
        with output._changed:
            del loud[0]
        done.set()

    loud = [Loud()]
    threading.Thread(target=log_twice, daemon=True).start()
    assert done.wait(10)
    assert output.wait_until_written(10)
    assert os.read(reading, 100) == b"from a finalizer\n"


def test_a_line_without_an_end_and_a_lone_surrogate_are_written(tmp_path):
    stream = open_log_file(str(tmp_path / "log"))
    stream.write("so far \ud800")
    stream.flush()
    assert stream.buffer.wait_until_written(10)
    assert (tmp_path / "log").read_text() == "so far \\ud800"
