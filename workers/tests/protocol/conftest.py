"""Fixtures of the protocol's tests."""

from __future__ import annotations

import pytest
from worker_process import WORKERS, WorkerProcess


@pytest.fixture
def start(tmp_path):
    """Starts workers with the fake engine; they end with the test."""
    started = []

    def start_worker(*flags, **environment):
        worker = WorkerProcess(tmp_path, "--device", "cpu", *flags, **environment)
        started.append(worker)
        return worker

    yield start_worker
    for worker in started:
        worker.kill()


@pytest.fixture
def worker(start):
    return start()


@pytest.fixture
def eager(worker):
    """A worker with every feature negotiated."""
    features = ["events", "out_of_order"]
    reply = worker.ask({"action": "initialize", "request_id": "init", "payload": {"features": features}})
    assert reply["data"]["features"] == features
    return worker


@pytest.fixture(scope="module")
def real(tiny, tmp_path_factory):
    """One real worker on the tiny models for a whole file."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "in").mkdir()
    flags = ("--device", "cpu", "--threads", "1", "--model-root", str(tiny), "--input-root", str(folder / "in"))
    worker = WorkerProcess(folder, *flags, script=WORKERS / "main.py")
    yield worker
    worker.kill()
