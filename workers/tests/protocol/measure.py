"""Measures the protocol: what a command costs over a bare echo, how soon a worker is ready, what events cost a step.

    python tests/protocol/measure.py [--model-root DIR] [--rounds N]

Prints one table; every figure is a median, all of one run on one machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

WORKERS = Path(__file__).resolve().parent.parent.parent
ECHO = "import os\nwhile (line := os.read(0, 65536)):\n    os.write(1, line)\n"
STATUS = b'{"action":"get_status","request_id":"r","payload":{}}\n'


class Peer:
    """A process that answers one line with one line."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self._in, self._out = self.process.stdin.fileno(), self.process.stdout.fileno()
        self._rest = b""

    def ask(self, line: bytes) -> bytes:
        """The next line that is a reply."""
        os.write(self._in, line)
        while True:
            while b"\n" not in self._rest:
                self._rest += os.read(self._out, 1 << 16)
            answer, _, self._rest = self._rest.partition(b"\n")
            if b'"event"' not in answer:
                return answer

    def microseconds(self, line: bytes, rounds: int) -> float:
        times = []
        for _ in range(rounds):
            began = time.perf_counter()
            self.ask(line)
            times.append(time.perf_counter() - began)
        return statistics.median(times) * 1e6

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def command(action: str, **payload: Any) -> bytes:
    return json.dumps({"action": action, "request_id": "r", "payload": payload}).encode() + b"\n"


def submission(side: int, steps: int) -> dict[str, Any]:
    return {
        "model": {"base": "sdxl_base"},
        "scheduler": {"type": "Euler", "steps": steps},
        "hyperparameters": {"seed": 1, "dimensions": {"width": side, "height": side}},
        "conditioning": {"prompt": "a lighthouse at dusk"},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="measures the protocol of the worker")
    parser.add_argument("--model-root", default=str(WORKERS / ".tiny-models"))
    parser.add_argument("--rounds", type=int, default=3000)
    options = parser.parse_args()
    rows: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--device", "cpu", "--threads", "1", "--model-root", options.model_root, "--output-dir", folder]
        echo = Peer([sys.executable, "-c", ECHO])
        began = time.perf_counter()
        worker = Peer([sys.executable, str(WORKERS / "main.py"), *flags])
        worker.ask(STATUS)
        rows.append(("start to the first reply", f"{time.perf_counter() - began:.2f} s"))
        worker.ask(command("get_schedulers"))
        rows.append(("start to ready (engine imported)", f"{time.perf_counter() - began:.2f} s"))
        for peer in (echo, worker):
            peer.microseconds(STATUS, options.rounds // 3)
        bare = echo.microseconds(STATUS, options.rounds)
        status = worker.microseconds(STATUS, options.rounds)
        validate = worker.microseconds(command("validate_request", request=submission(64, 2)), options.rounds // 10)
        rows.append(("bare echo over the same pipes", f"{bare:.0f} µs"))
        rows.append(("get_status over a bare echo", f"{status - bare:.0f} µs"))
        rows.append(("validate_request over a bare echo", f"{validate - bare:.0f} µs"))
        rows += job_overhead(worker)
        for peer in (echo, worker):
            peer.end()
    for name, value in rows:
        print(f"| {name} | {value} |")


def job_overhead(worker: Peer) -> list[tuple[str, str]]:
    """A job's round trip less the time that the engine says it took; and a step with events against one without."""
    small = command("generate_sdxl", prompt_submission=submission(64, 2))
    worker.ask(small)
    extra = []
    for _ in range(30):
        began = time.perf_counter()
        data = json.loads(worker.ask(small))["data"]
        spent = time.perf_counter() - began
        extra.append(spent - data["generation_time_seconds"] - data["load_time_seconds"])
    large = command("generate_sdxl", prompt_submission=submission(256, 20))
    steps: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(6):
        for events in (False, True):
            worker.ask(command("initialize", features=["events"] if events else []))
            data = json.loads(worker.ask(large))["data"]
            denoising = (
                data["generation_time_seconds"] - data["preprocessing_time_seconds"] - data["postprocessing_time_seconds"]
            )
            steps[events].append(denoising / data["steps_used"])
    without, with_events = min(steps[False]), min(steps[True])
    return [
        ("a 64x64 job over the engine's own time", f"{statistics.median(extra) * 1e3:.2f} ms"),
        ("a 256x256 step of the tiny model without events", f"{without * 1e3:.2f} ms"),
        ("the same step with progress events", f"{with_events * 1e3:.2f} ms ({(with_events / without - 1) * 100:+.1f} %)"),
    ]


if __name__ == "__main__":
    main()
