"""Stop, pause, resume, shutdown: each ends where contract §8 says, and a resumed training repeats the uninterrupted one."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from training_lab import KINDS, WAIT_SECONDS, Lab, fill, job, picture

from concord_workers.core.device_manager import Device
from concord_workers.core.errors import Conflict, ContractError, ShuttingDown, StorageFull, TrainingNotFound, ValidationFailed
from concord_workers.training import checkpoint as checkpoints
from concord_workers.training.control import Stop
from concord_workers.training.record import Record
from concord_workers.training.trainer import Trainer

SLOPE = {"max_steps": 8, "lr_scheduler": "cosine", "batch_size": 3}


Trained = tuple[list, dict[str, torch.Tensor]]


def trained(lab: Lab, training_id: str) -> Trained:
    """What a training came to: step, loss and learning rate of each row, and the state that its next step depends on."""
    rows = [(row["step"], row["loss"], row["learning_rate"]) for row in lab.manager.history(training_id)]
    (folder,) = (lab.output / "training" / training_id / "checkpoints").iterdir()
    return rows, {name: tensor for file in folder.glob("*.safetensors") for name, tensor in load_file(file).items()}


def assert_same(left: Trained, right: Trained) -> None:
    assert left[0] == right[0]
    assert left[1].keys() == right[1].keys()
    assert all(torch.equal(left[1][name], right[1][name]) for name in left[1])


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, models):
    """Rows and weights of a training of SLOPE's length that nobody stops, by kind; trained once."""
    lab = Lab(tmp_path_factory.mktemp("uninterrupted"), models)
    fill(lab.inputs / "cats")
    known: dict[str, Trained] = {}

    def of(kind: str = "lora") -> Trained:
        if kind not in known:
            training_id = lab.start(**job(kind, hyperparameters=SLOPE))
            assert lab.wait(training_id)["state"] == "completed"
            known[kind] = trained(lab, training_id)
        return known[kind]

    yield of
    lab.manager.shutdown(WAIT_SECONDS)


def pause_at(lab: Lab, step: int, kind: str = "lora", **numbers) -> str:
    gate = lab.hold_at(step)
    training_id = lab.start(**job(kind, hyperparameters={**SLOPE, **numbers}))
    assert lab.stop_at(gate, training_id, save_checkpoint=True)["state"] == "paused"
    return training_id


# DreamBooth's low-rank mode trains as `lora` does, and differs from it in its captions alone.
@pytest.mark.parametrize("kind", KINDS)
def test_paused_and_resumed_equals_uninterrupted(lab, uninterrupted, kind):
    gate = lab.hold_at(5)
    training_id = lab.start(**job(kind, hyperparameters=SLOPE))
    stopped = lab.stop_at(gate, training_id, save_checkpoint=True)
    status = lab.manager.status(training_id)
    assert (stopped["state"], status["state"], status["step"]) == ("paused", "paused", 5)
    assert stopped["checkpoint_path"] == status["checkpoint_path"]
    assert Path(stopped["checkpoint_path"]).name == "step-00000005" and Path(stopped["checkpoint_path"]).is_dir()
    assert "completed_at" not in status and "estimated_seconds_remaining" not in status
    resumed = lab.manager.start({"resume_from": training_id})
    assert (resumed["training_id"], resumed["state"]) == (training_id, "queued")
    status = lab.wait(training_id)
    assert (status["state"], status["output_path"]) == ("completed", resumed["output_path"])
    assert_same(trained(lab, training_id), uninterrupted(kind))


def test_resumes_in_another_worker_of_the_same_output_dir(lab, uninterrupted, tmp_path, make_lab):
    training_id = pause_at(lab, 3)
    other = make_lab(tmp_path)
    assert other.manager.status(training_id)["state"] == "paused"
    other.start(resume_from=training_id)
    assert other.wait(training_id)["state"] == "completed"
    assert lab.manager.status(training_id)["state"] == "completed"
    assert_same(trained(lab, training_id), uninterrupted())


def test_cancelled_goes_on_from_its_last_checkpoint(lab, uninterrupted):
    gate = lab.hold_at(6)
    training_id = lab.start(**job("lora", hyperparameters={**SLOPE, "checkpoint_every": 4}))
    stopped = lab.stop_at(gate, training_id, save_checkpoint=False)
    assert stopped == {"state": "cancelled"}
    status = lab.manager.status(training_id)
    assert status["checkpoint_path"].endswith("step-00000004")
    assert (status["state"], status["step"], "completed_at" in status) == ("cancelled", 6, True)
    assert len(lab.manager.history(training_id)) == 6
    lab.start(resume_from=training_id)
    status = lab.wait(training_id)
    assert (status["state"], "error" in status) == ("completed", False)
    assert_same(trained(lab, training_id), uninterrupted())


def test_a_checkpoint_is_told_and_only_the_newest_is_kept(lab):
    training_id = lab.start(**job("lora", hyperparameters={"max_steps": 6, "checkpoint_every": 2}))
    status = lab.wait(training_id)
    states = [(event["state"], event["step"]) for event in lab.events]
    assert [step for state, step in states if state == "checkpointing"] == [2, 2, 4, 4, 6, 6]
    assert [path.name for path in Path(status["checkpoint_path"]).parent.iterdir()] == ["step-00000006"]
    assert list(dict.fromkeys(state for state, _ in states)) == ["preparing", "running", "checkpointing", "completed"]


def test_stopped_before_the_first_step(lab, uninterrupted):
    gate = lab.hold_at(0)
    training_id = lab.start(**job("lora", hyperparameters=SLOPE))
    assert lab.stop_at(gate, training_id, save_checkpoint=True) == {"state": "paused"}
    lab.start(resume_from=training_id)
    lab.wait(training_id)
    assert_same(trained(lab, training_id), uninterrupted())


@pytest.mark.parametrize(("save_checkpoint", "state"), [(True, "paused"), (False, "cancelled")])
def test_stopped_while_it_waits(lab, save_checkpoint, state):
    gate = lab.hold_at(1)
    first = lab.start(**job("lora", hyperparameters={"max_steps": 2}))
    second = lab.start(**job("lora", hyperparameters={"max_steps": 2}))
    assert gate.reached.wait(WAIT_SECONDS)
    assert lab.manager.status(second)["state"] == "queued"
    assert lab.manager.running_id == first
    assert lab.manager.stop(second, save_checkpoint) == {"state": state}
    gate.opened.set()
    assert lab.wait(first)["state"] == "completed"
    lab.start(resume_from=second)
    assert lab.wait(second)["state"] == "completed"


def test_one_runs_at_a_time_in_order(lab):
    ids = [lab.start(**job("lora", hyperparameters={"max_steps": 2})) for _ in range(3)]
    assert lab.manager.busy
    for training_id in ids:
        lab.wait(training_id)
    assert not lab.manager.busy and lab.manager.running_id is None and lab.manager.last_progress_seconds is None
    assert list(dict.fromkeys(event["training_id"] for event in lab.events)) == ids


def test_busy_ends_with_the_last_word(lab):
    """Whoever reads the end in a status may use the device at once."""
    busy = []
    lab.watchers.append(lambda event: busy.append((event["state"], lab.manager.busy)))
    lab.wait(lab.start(**job("lora", hyperparameters={"max_steps": 1})))
    assert busy[-1] == ("completed", False) and busy[0] == ("preparing", True)


def test_a_fault_in_telling_the_end_ends_one_training_alone(lab, monkeypatch):
    def no_numbers(*_args):
        raise RuntimeError("the driver is gone")

    def no_lock(record):
        release(record)
        raise OSError(5, "Input/output error")

    release = Record.release
    monkeypatch.setattr(Trainer, "advance", lambda *_args: (_ for _ in ()).throw(torch.OutOfMemoryError("none left")))
    monkeypatch.setattr(Device, "out_of_memory", no_numbers)
    monkeypatch.setattr(Record, "release", no_lock)
    ended = lab.wait(lab.start(**job("lora", hyperparameters={"max_steps": 1})))
    assert ended["state"] == "failed" and ended["error"] == "internal: RuntimeError: the driver is gone"
    monkeypatch.undo()
    assert lab.wait(lab.start(**job("lora", hyperparameters={"max_steps": 1})))["state"] == "completed"
    assert not lab.manager.busy


def test_queue_is_bounded(tmp_path, make_lab):
    lab = make_lab(tmp_path, queue_max=1)
    fill(lab.inputs / "cats")
    gate = lab.hold_at(0, "preparing")
    ids = [lab.start(**job("lora", hyperparameters={"max_steps": 1})) for _ in range(2)]
    with pytest.raises(ContractError) as raised:
        lab.start(**job("lora", output_name="third"))
    assert raised.value.code == "queue_full"
    gate.opened.set()
    assert [lab.wait(each)["state"] for each in ids] == ["completed", "completed"]
    lab.wait(lab.start(**job("lora", output_name="third", hyperparameters={"max_steps": 1})))


def test_a_refused_start_gives_its_place_back(tmp_path, make_lab):
    lab = make_lab(tmp_path, queue_max=0)
    fill(lab.inputs / "cats")
    for _ in range(3):
        with pytest.raises(ValidationFailed):
            lab.start(**job("lora", data="nowhere"))
    assert lab.wait(lab.start(**job("lora", hyperparameters={"max_steps": 1})))["state"] == "completed"


def test_stop_of_what_does_not_run(lab):
    with pytest.raises(TrainingNotFound):
        lab.manager.stop("nobody")
    training_id = lab.start(**job("lora", hyperparameters={"max_steps": 1}))
    lab.wait(training_id)
    with pytest.raises(Conflict, match="is completed"):
        lab.manager.stop(training_id)


def test_stop_twice(lab):
    gate = lab.hold_at(2)
    training_id = lab.start(**job("lora", hyperparameters={"max_steps": 4}))
    assert gate.reached.wait(WAIT_SECONDS)
    lab.run(training_id).control.request(Stop.PAUSE)
    with pytest.raises(Conflict, match="being stopped already"):
        lab.manager.stop(training_id, save_checkpoint=False)
    gate.opened.set()
    assert lab.wait(training_id)["state"] == "paused"


def test_no_checkpoint_possible(lab, monkeypatch):
    def full(*_arguments) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    gate = lab.hold_at(3)
    training_id = lab.start(**job("lora", hyperparameters={"max_steps": 4}))
    monkeypatch.setattr(checkpoints, "save_file", full)
    with pytest.raises(StorageFull, match="No space left"):
        lab.stop_at(gate, training_id, save_checkpoint=True)
    status = lab.manager.status(training_id)
    assert status["state"] == "failed" and status["error"].startswith("storage_full: ")
    assert not list((lab.output / "training" / training_id / "checkpoints").iterdir())
    monkeypatch.undo()
    lab.start(resume_from=training_id)
    assert lab.wait(training_id)["state"] == "completed"


def test_the_older_checkpoint_survives_a_failed_one(lab, monkeypatch):
    training_id = pause_at(lab, 4)
    gate = lab.hold_at(6)
    lab.start(resume_from=training_id)
    assert gate.reached.wait(WAIT_SECONDS)
    monkeypatch.setattr(checkpoints, "save_file", lambda *_: (_ for _ in ()).throw(OSError(errno.EIO, "broken")))
    with pytest.raises(ContractError) as raised:
        lab.stop_at(gate, training_id, save_checkpoint=True)
    # The disk refuses: that is no bug of the worker.
    assert raised.value.code == "storage_full"
    assert checkpoints.latest_checkpoint(lab.output / "training" / training_id / "checkpoints").name == "step-00000004"


def test_a_large_checkpoint_is_written_in_files(lab, uninterrupted, monkeypatch):
    monkeypatch.setattr(checkpoints, "SHARD_BYTES", 20_000)
    training_id = pause_at(lab, 2)
    (folder,) = (lab.output / "training" / training_id / "checkpoints").iterdir()
    assert len(list(folder.glob("tensors-*.safetensors"))) > 3
    lab.start(resume_from=training_id)
    lab.wait(training_id)
    assert_same(trained(lab, training_id), uninterrupted())


def test_a_reader_that_is_gone_does_not_end_a_training(lab, caplog):
    def gone(_event: dict) -> None:
        raise BrokenPipeError("nobody reads")

    lab.watchers.append(gone)
    assert lab.wait(lab.start(**job("lora", hyperparameters={"max_steps": 2})))["state"] == "completed"
    assert "could not be sent" in caplog.text


def test_stages_are_told(lab):
    stages = []
    lab.watchers.append(lambda event: stages.append((event["state"], lab.manager.stage)))
    moving = []
    lab.watchers.append(lambda event: moving.append(lab.manager.last_progress_seconds))
    lab.wait(lab.start(**job("lora", hyperparameters={"max_steps": 1})))
    assert list(dict.fromkeys(stages)) == [
        ("preparing", "loading"),
        ("running", None),
        ("checkpointing", None),
        ("completed", None),
    ]
    assert all(seconds < 15 for seconds in moving[:-1]) and moving[-1] is None


def test_an_unfinished_checkpoint_is_none(lab):
    training_id = pause_at(lab, 4)
    folder = lab.output / "training" / training_id / "checkpoints"
    (folder / ".step-00000009.123").mkdir()
    lab.start(resume_from=training_id)
    assert lab.manager.status(training_id)["step"] <= 8
    status = lab.wait(training_id)
    assert status["state"] == "completed"
    assert [path.name for path in folder.iterdir()] == ["step-00000008"]


def test_a_checkpoint_of_other_weights(lab):
    training_id = pause_at(lab, 4)
    (folder,) = (lab.output / "training" / training_id / "checkpoints").iterdir()
    tensors = load_file(folder / "tensors-00000.safetensors")
    name = next(name for name in tensors if name.startswith("trained."))
    save_file({key: tensor for key, tensor in tensors.items() if key != name}, folder / "tensors-00000.safetensors")
    lab.start(resume_from=training_id)
    status = lab.wait(training_id)
    assert status["state"] == "failed" and "the checkpoint holds other weights" in status["error"]


def test_longer_after_its_end(lab):
    training_id = lab.start(**job("lora", hyperparameters={**SLOPE, "max_steps": 5, "lr_scheduler": "constant"}))
    lab.wait(training_id)
    with pytest.raises(Conflict, match="has done 5 steps"):
        lab.start(resume_from=training_id)
    assert lab.manager.status(training_id)["state"] == "completed"
    lab.start(resume_from=training_id, hyperparameters={"max_steps": 8})
    status = lab.wait(training_id)
    assert (status["state"], status["step"], status["total_steps"]) == ("completed", 8, 8)
    whole = lab.start(**job("lora", hyperparameters={**SLOPE, "lr_scheduler": "constant"}))
    lab.wait(whole)
    assert_same(trained(lab, training_id), trained(lab, whole))


def test_longer_full_model_replaces_its_folder(lab):
    training_id = lab.start(**job("dreambooth_full", hyperparameters={"max_steps": 1}))
    before = load_file(Path(lab.wait(training_id)["output_path"]) / "unet" / "diffusion_pytorch_model.safetensors")
    lab.start(resume_from=training_id, hyperparameters={"max_steps": 2})
    after = load_file(Path(lab.wait(training_id)["output_path"]) / "unet" / "diffusion_pytorch_model.safetensors")
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_shorter_than_what_is_done(lab):
    training_id = pause_at(lab, 5)
    with pytest.raises(Conflict, match="has done 5 steps, and the job now has 3"):
        lab.start(resume_from=training_id, hyperparameters={"max_steps": 3})
    assert lab.manager.status(training_id)["state"] == "paused"


def test_resume_conflicts(lab):
    training_id = pause_at(lab, 2)
    with pytest.raises(Conflict) as raised:
        lab.start(**job("lora", hyperparameters={**SLOPE, "rank": 8}, resume_from=training_id, validation_prompt="a cat"))
    assert [entry["pointer"] for entry in raised.value.errors] == ["/validation_prompt", "/hyperparameters/rank"]
    with pytest.raises(TrainingNotFound):
        lab.start(resume_from="nobody")
    gate = lab.hold_at(2, "preparing")
    lab.start(resume_from=training_id)
    with pytest.raises(Conflict, match="runs or waits already"):
        lab.start(resume_from=training_id)
    gate.opened.set()
    assert lab.wait(training_id)["state"] == "completed"


def test_resume_on_changed_data(lab):
    training_id = pause_at(lab, 2)
    picture(7).save(lab.inputs / "cats" / "0.png")
    with pytest.raises(Conflict, match="the training data changed") as raised:
        lab.start(resume_from=training_id)
    assert raised.value.field == "/training_data"
    picture(0).save(lab.inputs / "cats" / "0.png")
    lab.start(resume_from=training_id)
    assert lab.wait(training_id)["state"] == "completed"


def test_shutdown_pauses_what_runs_and_waits(lab):
    gate = lab.hold_at(3)
    running = lab.start(**job("lora", hyperparameters=SLOPE))
    waiting = lab.start(**job("lora"))
    assert gate.reached.wait(WAIT_SECONDS)
    lab.watchers.append(lambda event: gate.opened.set() if event["training_id"] == waiting else None)
    lab.manager.shutdown(WAIT_SECONDS)
    assert [lab.manager.status(each)["state"] for each in (running, waiting)] == ["paused", "paused"]
    assert lab.manager.status(running)["checkpoint_path"].endswith("step-00000003")
    assert "checkpoint_path" not in lab.manager.status(waiting)
    with pytest.raises(ShuttingDown):
        lab.start(**job("lora"))


def test_shutdown_without_grace_fails_what_runs(lab, tmp_path, make_lab):
    gate = lab.hold_at(6)
    training_id = lab.start(**job("lora", hyperparameters={**SLOPE, "checkpoint_every": 4}))
    assert gate.reached.wait(WAIT_SECONDS)
    lab.manager.shutdown(0.0)
    status = lab.manager.status(training_id)
    assert status["state"] == "failed" and status["error"].startswith("shutting_down: ")
    assert status["checkpoint_path"].endswith("step-00000004")
    told = len(lab.events)
    gate.opened.set()
    lab.manager._thread.join(WAIT_SECONDS)
    assert len(lab.events) == told
    assert lab.manager.status(training_id) == status
    other = make_lab(tmp_path)
    other.start(resume_from=training_id)
    assert other.wait(training_id)["state"] == "completed"


def test_shutdown_with_nothing_to_do(lab):
    lab.manager.shutdown(0.0)
    with pytest.raises(ShuttingDown):
        lab.start(**job("lora"))
