"""What an operator may set about training, beside the job itself."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TrainingSettings"]


@dataclass(frozen=True)
class TrainingSettings:
    """Knobs of the worker, none of which is part of a training job.

    fixed_noise: one noise and one timestep for each picture, the same at every step, so that the loss of an
        overfit set falls without the scatter of fresh noise. For tests and for measuring; off in production.
    dtype: "fp32", "bf16" or "fp16" for the frozen weights and the forward pass; None takes the device's own default.
    queue_max: trainings that may wait behind the running one; more are `queue_full`.
    history_rows_max: about how many rows a history may hold; longer trainings record every n-th step.
    validation_steps: denoising steps of a validation picture.
    """

    fixed_noise: bool = False
    dtype: str | None = None
    queue_max: int = 16
    history_rows_max: int = 10_000
    validation_steps: int = 20
