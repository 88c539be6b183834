"""The operator's settings of training."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TrainingSettings"]


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of the worker; a training job has none of them.

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
