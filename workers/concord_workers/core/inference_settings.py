"""The operator's settings of inference, from flags and the configuration file."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["InferenceSettings"]


@dataclass(frozen=True)
class InferenceSettings:
    """Settings of the worker; a request has none of them.

    deterministic: only deterministic kernels, so that CUDA repeats pixels exactly; slower.
    vram_budget_bytes: model memory that the worker may hold on its device; None: all of the device less a reserve.
    ram_budget_bytes: bytes of model files that the RAM cache may keep; None: half of what the host has free at start.
    control_nets: ControlNet type → model id or path; a type not named here uses the id `controlnet_<type>`.
    upscalers: upscaler name → id or path of its weights; one not named here uses its own name as the id.
    safety_checker: id or path of the safety checker's folder.
    preview_every: denoising steps between two previews.
    upscale_tile: side in pixels of the squares that an upscaling net works on.
    """

    deterministic: bool = False
    vram_budget_bytes: int | None = None
    ram_budget_bytes: int | None = None
    control_nets: dict[str, str] = field(default_factory=dict)
    upscalers: dict[str, str] = field(default_factory=dict)
    safety_checker: str = "safety_checker"
    preview_every: int = 1
    upscale_tile: int = 256
