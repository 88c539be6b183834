"""Makes upscaling nets of their tensors; before a job, of the shapes alone.

Both use `net_of`, so that a check refuses the same files as a job.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from concord_workers.core.errors import ModelInvalid
from concord_workers.models.cause import cause_of
from concord_workers.models.safetensors_file import TensorInfo

__all__ = ["is_known_net", "net_of", "require_net"]


def net_of(weights: dict[str, Any], path: Path) -> Any:
    """The net of these weights. Raises ModelInvalid where they are none that makes RGB pictures of RGB pictures."""
    import spandrel

    try:
        # Raises for weights without a place in the net, and for missing ones.
        net = spandrel.MAIN_REGISTRY.load(weights)
    except spandrel.UnsupportedModelError as error:
        raise ModelInvalid(f"{path.name} is no upscaling net that is known here") from error
    except Exception as error:
        # Each architecture raises other errors for weights that do not fit it.
        raise ModelInvalid(f"{path.name} is no upscaling net: {cause_of(error, path)}") from error
    if not isinstance(net, spandrel.ImageModelDescriptor) or net.input_channels != 3 or net.output_channels != 3:
        raise ModelInvalid(f"{path.name} is no upscaling net for RGB pictures")
    return net


def require_net(tensors: Mapping[str, TensorInfo], path: Path) -> None:
    """Raises ModelInvalid where no net can be made of tensors of these names and shapes. Nothing is loaded."""
    # The device is set for this thread alone: another one may load a model for a job.
    with torch.device("meta"):
        net_of({name: torch.empty(tensor.shape) for name, tensor in tensors.items()}, path)


def is_known_net(tensors: Mapping[str, TensorInfo]) -> bool:
    """Whether the names are those of an architecture that the library knows."""
    import spandrel

    return any(known.architecture.detect(dict(tensors)) for known in spandrel.MAIN_REGISTRY.architectures("detection"))
