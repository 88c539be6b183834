"""Checkpoints: everything that the next step depends on, in one folder, without pickles.

`checkpoints/step-00000500/` holds `tensors-*.safetensors` (what is trained, the optimiser's moments)
and `state.json` (step, optimiser groups, learning rate schedule, loss scale). It is written beside and renamed; the older
checkpoint goes only after that. Noise, timesteps and the order of pictures are drawn from (seed, step), see draws.py,
so a resumed training repeats exactly what an uninterrupted one does.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

__all__ = ["Checkpoint", "latest_checkpoint", "load_checkpoint", "save_checkpoint", "step_of"]

TRAINED = "trained."
OPTIMIZER = "optimizer."
SHARD_BYTES = 1 << 30


@dataclass(frozen=True)
class Checkpoint:
    """step: optimiser steps done. trained: tensors by name, on the CPU. optimizer, schedule, scaler: state_dict()s."""

    step: int
    trained: dict[str, torch.Tensor]
    optimizer: dict[str, Any]
    schedule: dict[str, Any]
    scaler: dict[str, Any]


def save_checkpoint(folder: Path, checkpoint: Checkpoint, moved: Callable[[], None]) -> Path:
    """Writes a checkpoint and then drops the older ones. Raises OSError where the disk is full; the older ones then stay.

    moved: called after each file, as a full model's checkpoint takes its time (30 GB).
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"step-{checkpoint.step:08d}"
    beside = folder / f".{path.name}.{os.getpid()}"
    try:
        _write(beside, checkpoint, moved)
        if path.exists():
            # The same step again: only after a resume that stopped before its first step, with equal contents.
            shutil.rmtree(path)
        os.replace(beside, path)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    _sync(folder)
    for older in folder.iterdir():
        if older != path:
            shutil.rmtree(older)
    return path


def latest_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint; names that begin with a dot were never finished."""
    found = sorted(path for path in folder.glob("step-*") if path.is_dir()) if folder.is_dir() else []
    return found[-1] if found else None


def step_of(path: Path) -> int:
    """The steps that a checkpoint has behind it, by its name."""
    return int(path.name.removeprefix("step-"))


def load_checkpoint(path: Path) -> Checkpoint:
    """Reads a checkpoint onto the CPU."""
    tensors: dict[str, torch.Tensor] = {}
    for file in sorted(path.glob("tensors-*.safetensors")):
        tensors.update(load_file(file, device="cpu"))
    state = json.loads((path / "state.json").read_bytes())
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith(OPTIMIZER):
            index, member = name.removeprefix(OPTIMIZER).split(".", 1)
            moments.setdefault(int(index), {})[member] = tensor
    return Checkpoint(
        step=state["step"],
        trained={name.removeprefix(TRAINED): tensor for name, tensor in tensors.items() if name.startswith(TRAINED)},
        optimizer={"state": moments, "param_groups": state["param_groups"]},
        schedule=state["schedule"],
        scaler=state["scaler"],
    )


def _write(folder: Path, checkpoint: Checkpoint, moved: Callable[[], None]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    moments = {
        f"{OPTIMIZER}{index}.{member}": torch.as_tensor(value)
        for index, members in checkpoint.optimizer["state"].items()
        for member, value in members.items()
    }
    tensors = {**{TRAINED + name: tensor for name, tensor in checkpoint.trained.items()}, **moments}
    for number, names in enumerate(_shards(tensors)):
        file = folder / f"tensors-{number:05d}.safetensors"
        save_file({name: tensors[name].detach().cpu().contiguous() for name in names}, file)
        _sync(file)
        moved()
    state = {
        "step": checkpoint.step,
        "param_groups": checkpoint.optimizer["param_groups"],
        "schedule": checkpoint.schedule,
        "scaler": checkpoint.scaler,
    }
    (folder / "state.json").write_text(json.dumps(state, allow_nan=False))
    _sync(folder / "state.json")


def _shards(tensors: dict[str, torch.Tensor]) -> list[list[str]]:
    """Names in groups of at most SHARD_BYTES, so that a checkpoint is never copied to the host whole."""
    groups: list[list[str]] = [[]]
    size = 0
    for name, tensor in tensors.items():
        size += tensor.nbytes
        if size > SHARD_BYTES and groups[-1]:
            groups.append([])
            size = tensor.nbytes
        groups[-1].append(name)
    return groups


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
