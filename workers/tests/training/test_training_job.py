"""Defaults come from one table; a resumed job may change its length and nothing else."""

from __future__ import annotations

import json

import pytest
from training_lab import job

from concord_workers.core.bundle import bundle
from concord_workers.core.errors import ContractError
from concord_workers.training.job import TrainingJob, document_of, new_job, resumed_job, unused_fields


def minimal(training_type="LoRA", **fields):
    own = {
        "LoRA": {},
        "DreamBooth": {"instance_prompt": "a sks dog"},
        "Textual Inversion": {"placeholder_token": "<obj>", "initializer_token": "cat"},
    }
    return {"training_type": training_type, "base_model": "b", "training_data": "d", **own[training_type], **fields}


def refusal(call, *arguments) -> ContractError:
    with pytest.raises(ContractError) as raised:
        call(*arguments)
    return raised.value


@pytest.mark.parametrize(
    ("training_type", "learning_rate"), [("LoRA", 1e-4), ("DreamBooth", 5e-6), ("Textual Inversion", 5e-4)]
)
def test_defaults(training_type, learning_rate):
    made = new_job(minimal(training_type), "an-id")
    assert made.learning_rate == learning_rate
    assert (made.batch_size, made.epochs, made.max_steps, made.resolution) == (1, 20, None, 1024)
    assert (made.rank, made.alpha, made.gradient_accumulation, made.lr_scheduler) == (64, 32, 1, "constant")
    assert (made.checkpoint_every, made.dreambooth_mode, made.output_name) == (500, "lora", "an-id")
    assert 0 <= made.seed <= 2**31 - 17 and made.seed_said == -1


def test_absent_fields_are_absent():
    assert document_of({"output_name": None, "hyperparameters": {"rank": None, "seed": 3}}) == {"hyperparameters": {"seed": 3}}


def test_max_steps_takes_the_place_of_epochs():
    made = new_job(minimal(hyperparameters={"max_steps": 7}), "id")
    assert (made.epochs, made.total_steps(pictures=4)) == (None, 7)


def test_total_steps_of_epochs():
    made = new_job(minimal(hyperparameters={"epochs": 3, "batch_size": 2, "gradient_accumulation": 2}), "id")
    assert made.total_steps(pictures=5) == 6


def test_validation_needs_a_prompt():
    error = refusal(new_job, minimal(validation_every=5), "id")
    assert (error.code, error.field) == ("validation_failed", "/validation_every")
    assert new_job(minimal(validation_prompt="a cat"), "id").validation_every == 500


def test_record_keeps_the_job():
    made = new_job(minimal("DreamBooth", dreambooth_mode="full"), "id")
    assert TrainingJob.from_record(json.loads(json.dumps(made.to_record()))) == made


def test_resume_needs_no_other_field():
    recorded = new_job(minimal(), "id")
    assert resumed_job({"resume_from": "id"}, recorded) == recorded


def test_resume_accepts_equal_fields():
    recorded = new_job(minimal(hyperparameters={"learning_rate": 1e-3}), "id")
    said = minimal(output_name="id", hyperparameters={"learning_rate": 0.001, "seed": -1, "rank": 64})
    assert resumed_job({**said, "resume_from": "id"}, recorded) == recorded
    assert resumed_job({"hyperparameters": {"seed": recorded.seed}}, recorded) == recorded


def test_resume_names_every_difference():
    recorded = new_job(minimal(hyperparameters={"seed": 3}), "id")
    said = {"base_model": "other", "validation_prompt": "a cat", "hyperparameters": {"rank": 8, "seed": -1, "epochs": 99}}
    error = refusal(resumed_job, said, recorded)
    assert error.code == "conflict"
    assert [entry["pointer"] for entry in error.errors] == [
        "/base_model",
        "/validation_prompt",
        "/hyperparameters/rank",
        "/hyperparameters/seed",
    ]


def test_resume_may_change_its_length():
    recorded = new_job(minimal(), "id")
    longer = resumed_job({"hyperparameters": {"max_steps": 9}}, recorded)
    assert (longer.epochs, longer.max_steps, longer.seed) == (None, 9, recorded.seed)
    assert resumed_job({"hyperparameters": {"epochs": 40}}, longer).epochs == 40


def test_fields_without_effect_are_said():
    document = job("inversion", instance_prompt="x", hyperparameters={"rank": 8, "alpha": 32})
    pointers = [pointer for pointer, _ in unused_fields(document, new_job(document, "id"), 10)]
    assert pointers == ["/instance_prompt", "/hyperparameters/rank"]
    document = job("lora", placeholder_token="<obj>")
    assert unused_fields(document, new_job(document, "id"), 10) == [
        ("/placeholder_token", "placeholder_token has no effect in LoRA")
    ]


@pytest.mark.parametrize("kind", ["lora", "inversion"])
def test_what_the_schema_warns_of_is_not_said_twice(kind):
    assert "x-takes-effect-when" in bundle()["$defs"]["TrainingJob"]["properties"]["dreambooth_mode"]
    document = job(kind, dreambooth_mode="full")
    assert unused_fields(document, new_job(document, "id"), 10) == []


@pytest.mark.parametrize(
    ("fields", "total_steps", "pointers"),
    [
        ({"validation_prompt": "a cat"}, 499, ["/validation_prompt"]),
        ({"validation_prompt": "a cat"}, 500, []),
        ({"validation_prompt": "a cat", "validation_every": 4}, 3, ["/validation_every"]),
        ({"validation_prompt": "a cat", "validation_every": 3}, 3, []),
        ({}, 3, []),
    ],
)
def test_a_validation_that_is_never_drawn_is_said(fields, total_steps, pointers):
    document = minimal(**fields)
    assert [pointer for pointer, _ in unused_fields(document, new_job(document, "id"), total_steps)] == pointers
