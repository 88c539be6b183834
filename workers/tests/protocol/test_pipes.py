"""The pipes of the worker: closed ones, ones that break, ones that do not block, readers that do not read."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from documents import job
from test_order import query, wait_for
from worker_process import HERE, WAIT_SECONDS

COMMAND = [sys.executable, str(HERE / "fake_worker.py"), "--device", "cpu", "--output-dir", "."]


def run_in_shell(folder, line):
    """Runs a line of bash, in which `"$@"` is the worker."""
    return subprocess.run(["bash", "-c", line, "bash", *COMMAND], cwd=folder, capture_output=True, timeout=WAIT_SECONDS)


def frames_of(command):
    return json.dumps(command).encode() + b"\n"


@pytest.mark.parametrize("redirection", [">&-", ">/dev/null", ">&- 2>&1", "<&- >&- 2>&-"])
def test_a_stdout_that_nobody_can_read_is_refused(tmp_path, redirection):
    # The writer of its stdin waits for its end: a worker that goes on would wait for it, too.
    ended = run_in_shell(tmp_path, f'coproc "$@" {redirection} 3>&2; wait $COPROC_PID')
    assert ended.returncode == 1
    if "2>" not in redirection:
        assert b"stdout is closed, or the null device" in ended.stderr


@pytest.mark.parametrize("redirection", ["<&-", "</dev/null"])
def test_a_null_stdin_is_warned_about_and_an_end(tmp_path, redirection):
    ended = run_in_shell(tmp_path, f'"$@" {redirection}')
    assert ended.returncode == 0
    assert b"stdin is closed, or the null device" in ended.stderr


def test_a_closed_stderr_takes_nothing_into_the_frames(tmp_path):
    ended = run_in_shell(tmp_path, """echo '{"action":"get_status","request_id":"q"}' | "$@" 2>&-""")
    assert ended.returncode == 0
    assert [json.loads(line)["RequestId"] for line in ended.stdout.splitlines()] == ["q"]


def test_a_stdin_that_cannot_be_read_is_said(tmp_path):
    ended = run_in_shell(tmp_path, '"$@" 0>file')
    assert ended.returncode == 1
    assert b"stdin cannot be read" in ended.stderr and b"Traceback" not in ended.stderr


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_reader_that_goes_away_ends_the_worker(tmp_path, is_closed):
    reading, writing = os.pipe()
    # With its grace the job would outlast the test.
    patient = {**os.environ, "CONCORD_TEST_GRACE": str(10 * WAIT_SECONDS)}
    with subprocess.Popen(
        COMMAND, cwd=tmp_path, env=patient, stdin=subprocess.PIPE, stdout=writing, stderr=subprocess.PIPE
    ) as process:
        os.close(writing)
        assert process.stdin is not None and process.stderr is not None
        # With heartbeats, the first of which finds that the reader is gone.
        initialize = {"action": "initialize", "request_id": "i", "payload": {"features": ["events"]}}
        process.stdin.write(frames_of(initialize) + frames_of(job("a", f"wait for {tmp_path / 'never'}")))
        process.stdin.flush()
        wait_for(tmp_path / "never.begun")
        os.close(reading)
        if is_closed:
            process.stdin.close()
        # With its stdin open, too, and without the grace that the job would have at the end of that.
        assert process.wait(WAIT_SECONDS) == 1
        assert b"stdout broke" in process.stderr.read()


def test_a_reader_that_makes_the_pipe_non_blocking_loses_nothing(tmp_path):
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with subprocess.Popen(COMMAND, cwd=tmp_path, stdin=subprocess.PIPE, stdout=writing, stderr=subprocess.DEVNULL) as process:
        os.close(writing)
        assert process.stdin is not None
        commands = b"".join(frames_of(query(f"q{index}", "get_status")) for index in range(400))
        gate = frames_of(job("gate", f"wait for {tmp_path / 'gate'}"))
        process.stdin.write(commands + gate)
        process.stdin.flush()
        # Its turn comes when the replies before it are made, and more of them than the pipe holds.
        wait_for(tmp_path / "gate.begun")
        (tmp_path / "gate").touch()
        process.stdin.close()
        with os.fdopen(reading, "rb") as replies:
            found = [json.loads(line)["request_id"] for line in replies]
        assert found == [*(f"q{index}" for index in range(400)), "gate"]
        assert process.wait(WAIT_SECONDS) == 0


def test_a_client_that_does_not_read_is_said(tmp_path):
    reading, writing = os.pipe()
    with subprocess.Popen(COMMAND, cwd=tmp_path, stdin=subprocess.PIPE, stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        replies = b"".join(frames_of(query(f"q{index}", "get_status")) for index in range(400))
        _, errors = process.communicate(replies, timeout=WAIT_SECONDS)
        os.close(reading)
    assert process.returncode == 1
    assert b"the last lines are lost" in errors
