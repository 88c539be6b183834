"""The optimisations of `performance.optimizations`, enabled for one job and disabled after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from concord_workers.core.device_manager import Device

__all__ = ["optimized", "with_compiled_unet"]


def with_compiled_unet(pipeline: Any, extras: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The pipeline's components, the UNet compiled on request. It is compiled once for all jobs of the model."""
    components = dict(pipeline.components)
    if "torch_compile" in names:
        if "compiled_unet" not in extras:
            extras["compiled_unet"] = torch.compile(pipeline.unet)
        components["unet"] = extras["compiled_unet"]
    return components


@contextmanager
def optimized(pipeline: Any, names: Sequence[str], device: Device) -> Iterator[None]:
    """Enables optimisations of a pipeline, and disables them at the end."""
    with ExitStack() as undo:
        if "attention_slicing" in names:
            pipeline.enable_attention_slicing()
            undo.callback(pipeline.disable_attention_slicing)
        if "xformers" in names:
            pipeline.enable_xformers_memory_efficient_attention()
            undo.callback(pipeline.disable_xformers_memory_efficient_attention)
        if "vae_slicing" in names:
            pipeline.vae.enable_slicing()
            undo.callback(pipeline.vae.disable_slicing)
        if "vae_tiling" in names:
            pipeline.vae.enable_tiling()
            undo.callback(pipeline.vae.disable_tiling)
        if "channels_last" in names:
            for module in (pipeline.unet, pipeline.vae):
                module.to(memory_format=torch.channels_last)
                undo.callback(module.to, memory_format=torch.contiguous_format)
        if "model_cpu_offload" in names:
            undo.callback(_to_host, pipeline)
            pipeline.enable_model_cpu_offload(device=device.torch_device)
            undo.callback(pipeline.remove_all_hooks)
        if "sequential_cpu_offload" in names:
            pipeline.enable_sequential_cpu_offload(device=device.torch_device)
            undo.callback(pipeline.remove_all_hooks)
        yield


def _to_host(pipeline: Any) -> None:
    """Moves all modules to the host: the one that ran last stays on the device when its hook is removed."""
    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            part.to("cpu")
