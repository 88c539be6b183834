"""The worker's clock, tick by tick at times that the test says: what fails in one tick is done in the next."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

from concord_workers.worker.heartbeat import Heartbeat

TICK = 0.25


class Clocked:
    """A clock's surroundings. broken: which of `deadlines` and `figures` cannot be had. deadline: of what runs."""

    def __init__(self) -> None:
        self.broken: set[str] = set()
        self.deadline: float | None = None
        self.beats = self.expired = 0
        self.running = None
        self.features = frozenset({"events"})
        self.now = 100.0
        training = SimpleNamespace(last_progress_seconds=None, stage=None)
        engine = SimpleNamespace(training=training, memory_used_mb=self._figure)
        worker = SimpleNamespace(state=lambda: "idle", source=SimpleNamespace(engine=engine, began=0.0))
        self.clock = Heartbeat(worker, self, self)

    def next_deadline(self) -> float | None:
        if "deadlines" in self.broken:
            raise RuntimeError("a dictionary changed")
        return self.deadline

    def expire(self) -> None:
        self.expired += 1
        self.deadline = None

    def event(self, name: str, members: dict) -> None:
        assert name == "heartbeat"
        self.beats += 1

    def _figure(self) -> float:
        if "figures" in self.broken:
            raise OSError("statm is gone")
        return 1.0

    def tick(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK)):
            self.clock.tick(self.now)
            self.now += TICK


@pytest.fixture
def clocked() -> Clocked:
    return Clocked()


def violations(caplog) -> list[str]:
    return [record.getMessage().split(" failed")[0] for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_beat_a_second_where_events_are_wanted(clocked):
    clocked.tick(5)
    assert clocked.beats == 5
    clocked.now += 60  # a process that was held up does not hurry after what it missed
    clocked.tick(5)
    assert clocked.beats == 10
    clocked.features = frozenset()
    clocked.tick(5)
    assert clocked.beats == 10


def test_what_is_late_ends_within_a_tick(clocked):
    clocked.deadline = clocked.now + 1
    clocked.tick(1)
    assert clocked.expired == 0
    clocked.tick(TICK)
    assert clocked.expired == 1


def test_deadlines_and_beats_outlive_a_fault_of_each_other(clocked, caplog):
    clocked.broken = {"deadlines"}
    clocked.tick(3)
    assert clocked.beats == 3
    clocked.broken = {"figures"}
    clocked.deadline = clocked.now + 1
    clocked.tick(3)
    assert clocked.expired == 1 and clocked.beats == 3, "no beat is invented"
    assert violations(caplog) == ["deadlines", "a heartbeat"], "a fault that stays is told once"
    clocked.broken = set()
    clocked.tick(1)
    assert clocked.beats == 4
    clocked.broken = {"figures"}
    clocked.tick(1)
    assert violations(caplog) == ["deadlines", "a heartbeat", "a heartbeat"], "one that came back is told again"
