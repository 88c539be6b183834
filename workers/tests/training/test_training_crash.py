"""A killed worker: its training is failed, says where it stood, and goes on from its last checkpoint."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from training_lab import WORKERS, job

HERE = Path(__file__).parent


def start_killed_worker(root: Path, models: Path, document: dict) -> subprocess.Popen:
    path = os.pathsep.join([str(WORKERS), str(HERE)])
    command = [sys.executable, HERE / "killed_worker.py", root, models, json.dumps(document)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": path})


def test_killed_worker(lab, tmp_path, models, make_lab):
    numbers = {"max_steps": 400, "checkpoint_every": 4, "lr_scheduler": "linear"}
    worker = start_killed_worker(tmp_path, models, job("lora", hyperparameters=numbers))
    try:
        for line in worker.stdout:
            event = json.loads(line)
            if event["step"] >= 6 and event["state"] == "running":
                break
        training_id = event["training_id"]
        # Another worker of the same output dir sees it run, and leaves it alone.
        assert lab.manager.status(training_id)["state"] in ("running", "checkpointing")
        other = make_lab(tmp_path)
        assert other.manager.status(training_id)["state"] in ("running", "checkpointing")
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
    fresh = make_lab(tmp_path)
    status = fresh.manager.status(training_id)
    assert status["state"] == "failed" and "completed_at" in status
    assert f"the worker ended at step {status['step']} of 400" in status["error"]
    assert Path(status["checkpoint_path"]).is_dir() and status["checkpoint_path"] in status["error"]
    step = int(Path(status["checkpoint_path"]).name.removeprefix("step-"))
    length = {"max_steps": step + 3}
    fresh.start(resume_from=training_id, hyperparameters=length)
    status = fresh.wait(training_id)
    assert (status["state"], status["step"], "error" in status) == ("completed", step + 3, False)
    rows = fresh.manager.history(training_id)
    assert [row["step"] for row in rows] == list(range(1, step + 4))
    # Up to the checkpoint nothing was done again, and all of it is what an uninterrupted training does.
    gate = fresh.hold_at(step)
    whole = fresh.start(**job("lora", hyperparameters=numbers))
    fresh.stop_at(gate, whole, save_checkpoint=False)
    assert fresh.losses(whole) == [row["loss"] for row in rows[:step]]
