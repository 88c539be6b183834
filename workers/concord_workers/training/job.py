"""The training job with its defaults, and the changes that a resumed training may make.

A job arrives as the canonical document of contract §8 (snake, accepted spellings resolved, with the sender's values alone):
otherwise a resumed job could not tell a sender's value from a default. `new_job` applies the one table of defaults;
`resumed_job` compares the sender's fields with the record.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from concord_workers.core.errors import Conflict, ValidationFailed
from concord_workers.core.violation import CanonicalViolation

from .defaults import chosen_seed_max, dreambooth_mode, hyperparameters

__all__ = [
    "DREAMBOOTH",
    "LORA",
    "TEXTUAL_INVERSION",
    "TrainingJob",
    "document_of",
    "new_job",
    "resumed_job",
    "unused_fields",
]

LORA = "LoRA"
DREAMBOOTH = "DreamBooth"
TEXTUAL_INVERSION = "Textual Inversion"

MAY_CHANGE = ("/hyperparameters/epochs", "/hyperparameters/max_steps")


@dataclass(frozen=True)
class TrainingJob:
    """A job with every default applied and the seed chosen; exactly one of epochs and max_steps is set."""

    training_type: str
    base_model: str
    training_data: str
    output_name: str
    learning_rate: float
    batch_size: int
    epochs: int | None
    max_steps: int | None
    resolution: int
    rank: int
    alpha: float
    gradient_accumulation: int
    lr_scheduler: str
    seed: int
    checkpoint_every: int
    instance_prompt: str | None = None
    dreambooth_mode: str = ""
    placeholder_token: str | None = None
    initializer_token: str | None = None
    validation_prompt: str | None = None
    validation_every: int | None = None
    seed_said: int = -1

    @property
    def full(self) -> bool:
        """Whether the whole UNet is trained and the output is a model folder."""
        return self.training_type == DREAMBOOTH and self.dreambooth_mode == "full"

    @property
    def output_file(self) -> str:
        """Name of the output inside the training's folder."""
        return self.output_name if self.full else f"{self.output_name}.safetensors"

    def steps_per_epoch(self, pictures: int) -> int:
        """Optimiser steps to see every picture once; the last one of an epoch may be smaller."""
        return -(-pictures // (self.batch_size * self.gradient_accumulation))

    def total_steps(self, pictures: int) -> int:
        """Optimiser steps of the whole training."""
        return self.max_steps if self.max_steps is not None else (self.epochs or 0) * self.steps_per_epoch(pictures)

    def to_record(self) -> dict[str, Any]:
        """The job as it stands in the record: a flat JSON object without absent fields."""
        return {name: value for name, value in vars(self).items() if value is not None}

    @classmethod
    def from_record(cls, document: Mapping[str, Any]) -> TrainingJob:
        """Reads what `to_record` wrote."""
        return cls(**{"epochs": None, "max_steps": None, **document})


def document_of(job: object) -> dict[str, Any]:
    """The canonical document of a job given as a mapping, a generated struct or a plain object; absent fields left out."""
    builtins = dict(job) if isinstance(job, Mapping) else msgspec.to_builtins(job)
    return {name: _without_none(value) for name, value in builtins.items() if value is not None}


def new_job(document: Mapping[str, Any], training_id: str) -> TrainingJob:
    """Applies the defaults to a first job, and chooses its seed where the job has none.

    document: one that the contract's rules hold for: required fields there, epochs or max_steps. Raises `validation_failed`
    for validation_every without a validation_prompt.
    """
    written = document.get("hyperparameters", {})
    numbers = {**hyperparameters(document["training_type"]), **written}
    if "max_steps" in written:
        numbers["epochs"] = None
    fields = {name: value for name, value in document.items() if name != "hyperparameters"}
    fields.setdefault("output_name", training_id)
    fields.setdefault("dreambooth_mode", dreambooth_mode())
    seed_said = numbers["seed"]
    numbers["seed"] = secrets.randbelow(chosen_seed_max() + 1) if seed_said == -1 else seed_said
    return _with_validation(TrainingJob.from_record({**fields, **numbers, "seed_said": seed_said}))


def resumed_job(document: Mapping[str, object], recorded: TrainingJob) -> TrainingJob:
    """The recorded job with the sender's epochs or max_steps. Other differences are one `conflict` that names all."""
    written = _flat({name: value for name, value in document.items() if name != "resume_from"})
    recorded_fields = recorded.to_record()
    violations: list[CanonicalViolation] = []
    for pointer, value in written.items():
        name = pointer.rsplit("/", 1)[-1]
        if pointer in MAY_CHANGE or _same(name, value, recorded_fields):
            continue
        kept = json.dumps(recorded_fields[name]) if name in recorded_fields else "absent"
        violations.append(
            {
                "pointer": pointer,
                "code": "conflict",
                "message": f"{name} is {kept} in the record, not {json.dumps(value)}",
            }
        )
    if violations:
        raise Conflict(
            f"the resumed training differs from its record: {'; '.join(violation['message'] for violation in violations)}",
            field=violations[0]["pointer"],
            hint="leave these fields out, or start a new training",
            errors=violations,
        )
    length = {pointer.rsplit("/", 1)[-1]: written[pointer] for pointer in MAY_CHANGE if pointer in written}
    if not length:
        return recorded
    return TrainingJob.from_record({**recorded_fields, "epochs": None, "max_steps": None, **length})


def unused_fields(document: Mapping[str, object], job: TrainingJob, total_steps: int) -> list[tuple[str, str]]:
    """Pointer and sentence of each field of the sender that has no effect in this training and differs from its default.

    The reading of the command has warned of those with `x-takes-effect-when`.
    """
    unused = {
        LORA: ("instance_prompt", "placeholder_token", "initializer_token"),
        DREAMBOOTH: ("placeholder_token", "initializer_token"),
        TEXTUAL_INVERSION: ("instance_prompt",),
    }[job.training_type]
    without_lora = job.full or job.training_type == TEXTUAL_INVERSION
    pointers = [f"/{name}" for name in unused]
    pointers += ["/hyperparameters/rank", "/hyperparameters/alpha"] if without_lora else []
    defaults = _flat({"hyperparameters": hyperparameters(job.training_type)})
    written = _flat(document)
    found = [
        (
            pointer,
            f"{pointer.rsplit('/', 1)[-1]} has no effect in {'full DreamBooth' if job.full else job.training_type}",
        )
        for pointer in pointers
        if pointer in written and written[pointer] != defaults.get(pointer)
    ]
    interval = next((pointer for pointer in ("/validation_every", "/validation_prompt") if pointer in written), None)
    if interval is not None and job.validation_every is not None and job.validation_every > total_steps:
        every = f"a validation picture every {job.validation_every} steps"
        found.append((interval, f"{every} is never drawn in a training of {total_steps} steps"))
    return found


def _with_validation(job: TrainingJob) -> TrainingJob:
    if job.validation_every is not None and job.validation_prompt is None:
        raise ValidationFailed("validation_every needs a validation_prompt to draw", field="/validation_every")
    if job.validation_prompt is not None and job.validation_every is None:
        return TrainingJob.from_record({**job.to_record(), "validation_every": job.checkpoint_every})
    return job


def _same(name: str, value: object, recorded: Mapping[str, object]) -> bool:
    if name == "seed":
        return value in (recorded["seed"], recorded["seed_said"])
    return name in recorded and bool(recorded[name] == value)


def _flat(document: Mapping[str, Any]) -> dict[str, Any]:
    """Leaves by canonical pointer."""
    fields = {f"/{name}": value for name, value in document.items() if name != "hyperparameters"}
    hyperparameters = document.get("hyperparameters", {})
    return {**fields, **{f"/hyperparameters/{name}": value for name, value in hyperparameters.items()}}


def _without_none(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: item for name, item in value.items() if item is not None}
    return value
