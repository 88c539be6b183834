"""Compares the numbers of a training that files hold beside their weights with the configuration, which jobs follow.

These are the tables of the noise schedule and the scale of the latents. They are read where a header names them alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import diffusers
import torch

from concord_workers.models.prediction import Prediction, with_prediction
from concord_workers.models.safetensors_file import Header, TensorInfo, read_tensors

__all__ = ["other_scale", "other_tables"]

# Name → its numbers, by the share of the signal that is left after each step.
_TABLES: Mapping[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "alphas_cumprod": lambda left: left,
    "alphas_cumprod_prev": lambda left: torch.cat([left.new_ones(1), left[:-1]]),
    "betas": lambda left: 1 - left / torch.cat([left.new_ones(1), left[:-1]]),
    "sqrt_alphas_cumprod": lambda left: left**0.5,
    "sqrt_one_minus_alphas_cumprod": lambda left: (1 - left) ** 0.5,
    "log_one_minus_alphas_cumprod": lambda left: (1 - left).log(),
    "sqrt_recip_alphas_cumprod": lambda left: left**-0.5,
    "sqrt_recipm1_alphas_cumprod": lambda left: (1 / left - 1) ** 0.5,
    "denoiser.sigmas": lambda left: (1 / left - 1) ** 0.5,
    "denoiser.log_sigmas": lambda left: (1 / left - 1).log() / 2,
}
_SCALE = "scale_factor"
# Tables are rounded in many ways; another schedule differs by more in many places.
_TOLERANCE, _TOLERANCE_OF_LARGEST = 0.01, 0.001


def other_tables(headers: Iterable[Header], scheduler: Mapping[str, object], prediction: Prediction) -> tuple[str, ...]:
    """The names of tables of another noise schedule than the configuration's."""
    found = [(header, name) for header in headers for name in _TABLES if name in header.tensors]
    if not found:
        return ()
    schedules = [prediction]
    if prediction.zero_snr:
        # The mark says that the table is to be rescaled, so that files hold it before and after that.
        schedules.append(Prediction(prediction.type))
    left = [(_signal_left(scheduler, each), each.zero_snr) for each in schedules]
    return tuple(
        name
        for header, name in found
        if not any(_says(header, name, _TABLES[name](signal), without_last=zero_snr) for signal, zero_snr in left)
    )


def other_scale(headers: Iterable[Header], vae: Mapping[str, Any]) -> tuple[str, ...]:
    """The name of the latents' scale where it is another one than the configuration's."""
    wanted = torch.tensor([float(vae.get("scaling_factor") or 0.18215)], dtype=torch.float64)  # diffusers' own default
    return tuple(_SCALE for header in headers if _SCALE in header.tensors and not _says(header, _SCALE, wanted))


def _signal_left(scheduler: Mapping[str, object], prediction: Prediction) -> torch.Tensor:
    made: Any = diffusers.EulerDiscreteScheduler
    left: torch.Tensor = made.from_config(with_prediction(scheduler, prediction)).alphas_cumprod
    return left.double()


def _says(header: Header, name: str, wanted: torch.Tensor, *, without_last: bool = False) -> bool:
    """Whether a tensor of the file has these numbers, rounded to its number format.

    without_last: where no signal is left, quotients grow without end, and each program writes another last number.
    """
    tensor: TensorInfo = header.tensors[name]
    if not tensor.is_float or tensor.elements != wanted.numel():
        return False
    stored = read_tensors(header.path, [name])[name].flatten()
    limits = torch.finfo(stored.dtype)
    rounded, found = wanted.to(stored.dtype).double(), stored.double()
    end = -1 if without_last else None
    largest = float(rounded[:end].abs().max())
    rtol = max(_TOLERANCE, float(limits.eps))
    atol = max(_TOLERANCE_OF_LARGEST * largest, float(limits.smallest_normal) * float(limits.eps))
    # Programs count the steps of the denoiser's tables from either end.
    orders = (found, found.flip(0)) if name.startswith("denoiser.") else (found,)
    return any(torch.allclose(order[:end], rounded[:end], rtol=rtol, atol=atol) for order in orders)
