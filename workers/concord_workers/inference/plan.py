"""Checks a job before anything is loaded: features of this worker, models, images, bounds of the model.

`violations_of` finds all violations; it reads headers, configurations and small parts of weights, and loads no model, so
that `validate_request` answers with it while a job runs. The reading has checked the schema and the rules before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import torch

from concord_workers.conditioning.prompt import parse_prompt
from concord_workers.contract.generated.submission import (
    EffectiveScheduler,
    PartialScheduler,
    PartialSubmission,
)
from concord_workers.core.device_manager import DTYPES, Device
from concord_workers.core.errors import (
    ContractError,
    OutOfRange,
    UnsupportedFeature,
)
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.roots import Roots
from concord_workers.inference.conditioning_checks import conditioning_violations
from concord_workers.inference.model_checks import Attempt, at, model_violations, require_type
from concord_workers.models.facts import describe
from concord_workers.models.model_loader import ModelLoader
from concord_workers.models.safetensors_file import read_header
from concord_workers.models.upscaler_file import is_known_net
from concord_workers.postprocessing.safety_checker import locate_checker
from concord_workers.postprocessing.upscaler import locate_net
from concord_workers.schedulers.scheduler_factory import SchedulerChoice, choose_scheduler, require_zero_terminal_snr

__all__ = ["dtype_of", "offload_of", "scheduler_of", "violations_of"]


_P = ParamSpec("_P")
_T = TypeVar("_T")


def scheduler_of(scheduler: EffectiveScheduler) -> SchedulerChoice:
    """The sampler of a submission. Raises UnsupportedFeature, OutOfRange."""
    return choose_scheduler(scheduler.type, scheduler.steps, karras=scheduler.karras_sigmas, spacing=scheduler.timestep_spacing)


def dtype_of(submission: PartialSubmission, device: Device) -> str:
    """The number format that a job runs in."""
    return submission.performance.dtype or device.default_dtype


def offload_of(submission: PartialSubmission) -> bool:
    """Whether the job's models stay in host memory and are moved to the device in turn."""
    return any(name in submission.performance.optimizations for name in ("model_cpu_offload", "sequential_cpu_offload"))


def violations_of(
    submission: PartialSubmission, device: Device, loader: ModelLoader, roots: Roots, settings: InferenceSettings
) -> list[ContractError]:
    """Every violation of a submission on this worker, in the schema's order.

    Absent values are not checked: the reading refused missing required values and those out of bounds.
    """
    violations: list[ContractError] = []

    def attempt(check: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T | None:
        try:
            return check(*args, **kwargs)
        except ContractError as error:
            violations.append(error)
            return None

    parts = model_violations(submission, loader, attempt)
    base = parts.base
    choice = attempt(_scheduler_of, submission.scheduler)
    if choice is not None and base is not None and base.prediction is not None and base.prediction.zero_snr:
        attempt(require_zero_terminal_snr, choice)
    _prompt_violations(submission, dtype_of(submission, device), attempt)
    conditioning_violations(submission, parts, loader, roots, settings, attempt)
    _performance_violations(submission, device, attempt)
    _postprocessing_violations(submission, loader, settings, attempt)
    return violations


def _scheduler_of(scheduler: PartialScheduler) -> SchedulerChoice | None:
    """None where its name is absent. Absent steps are compared with nothing."""
    if scheduler.type is None:
        return None
    karras = scheduler.karras_sigmas is True
    return choose_scheduler(scheduler.type, scheduler.steps, karras=karras, spacing=scheduler.timestep_spacing)


def _prompt_violations(submission: PartialSubmission, dtype: str, attempt: Attempt) -> None:
    weighting = submission.hyperparameters.prompt_weighting is not False
    conditioning = submission.conditioning
    prompts = {
        "prompt": conditioning.prompt,
        "prompt_2": conditioning.prompt_2,
        "negative_prompt": conditioning.negative_prompt,
        "negative_prompt_2": conditioning.negative_prompt_2,
    }
    for name, prompt in prompts.items():
        if prompt is not None:
            attempt(_require_finite_weights, prompt, weighting, dtype, f"/conditioning/{name}")


def _require_finite_weights(prompt: str, weighting: bool, dtype: str, field: str) -> None:
    most = torch.finfo(DTYPES[dtype]).max
    if not all(abs(fragment.weight) <= most for fragment in parse_prompt(prompt, weighting=weighting)):
        raise OutOfRange(f"a weight of the prompt is no finite number in {dtype}", maximum=most, field=field)


def _performance_violations(submission: PartialSubmission, device: Device, attempt: Attempt) -> None:
    performance = submission.performance
    attempt(_require_device, performance.device or "auto", device)
    attempt(_require_dtype, dtype_of(submission, device), device)
    for index, name in enumerate(performance.optimizations):
        if name is not None:
            attempt(device.require, name, f"/performance/optimizations/{index}")
    if {"model_cpu_offload", "sequential_cpu_offload"} <= set(performance.optimizations):
        attempt(_refuse_both_offloads)


def _require_device(name: str, device: Device) -> None:
    if not device.is_own_name(name):
        raise UnsupportedFeature(f"this worker is {device.gpu_id}, not {name}", field="/performance/device")


def _require_dtype(dtype: str, device: Device) -> None:
    if dtype not in device.dtypes:
        raise UnsupportedFeature(f"{device.gpu_id} has no {dtype}", field="/performance/dtype", hint="see get_capabilities")


def _refuse_both_offloads() -> None:
    raise UnsupportedFeature(
        "model_cpu_offload and sequential_cpu_offload exclude each other", field="/performance/optimizations"
    )


def _postprocessing_violations(
    submission: PartialSubmission, loader: ModelLoader, settings: InferenceSettings, attempt: Attempt
) -> None:
    post = submission.postprocessing
    if post.safety_checker:
        attempt(_require_checker, loader, settings)
    if post.upscaler is not None and post.upscaler != "none":
        attempt(_require_upscaler, loader, settings, post.upscaler)


def _require_checker(loader: ModelLoader, settings: InferenceSettings) -> None:
    field = "/postprocessing/safety_checker"
    path = locate_checker(loader, settings).path
    require_type(at(field, describe, path), "safety_checker", field)


def _require_upscaler(loader: ModelLoader, settings: InferenceSettings, name: str) -> None:
    located = locate_net(loader, settings, name)
    if located is None:
        return
    field = "/postprocessing/upscaler"
    facts = at(field, describe, located.path)
    # Upscaling nets have many architectures; names of tensors tell most of them, and the library all that it runs.
    if facts.model_type is not None or not located.path.is_file() or not is_known_net(read_header(located.path).tensors):
        require_type(facts, "upscaler", field)
