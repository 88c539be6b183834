"""ControlNets: the types that have a model here, their preprocessing, and the nets of a job as the pipelines take them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from diffusers.models.controlnets.multicontrolnet import MultiControlNetModel
from PIL import Image

from concord_workers.conditioning.canny import canny
from concord_workers.core.errors import ContractError, UnsupportedFeature
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.tables import control_net_values
from concord_workers.models.model_loader import ModelLoader

__all__ = [
    "ControlUse",
    "available_types",
    "control_arguments",
    "get_controlnet_types",
    "model_for_type",
    "preprocess",
    "require_preprocessor",
]

_PREPROCESSORS = {"canny": canny}


@dataclass(frozen=True)
class ControlUse:
    """One ControlNet of a job, of a weight other than 0. image: RGB, of the job's size, preprocessed."""

    net: Any
    image: Image.Image
    weight: float
    start: float
    end: float


def model_for_type(settings: InferenceSettings, kind: str) -> str:
    """The id or path of the model for a type."""
    return settings.control_nets.get(kind, f"controlnet_{kind}")


def available_types(loader: ModelLoader, settings: InferenceSettings) -> list[str]:
    """The types with a model here, in the contract's order."""
    found = []
    for kind in control_net_values():
        try:
            loader.resolve(model_for_type(settings, kind))
        except ContractError:
            continue  # without a model the type is not advertised; the error of a job that names it gives the reason
        found.append(kind)
    return found


def get_controlnet_types(loader: ModelLoader, settings: InferenceSettings) -> dict[str, Any]:
    """The `data` of `get_controlnet_types`."""
    rows = control_net_values()
    types = []
    for kind in available_types(loader, settings):
        row = {
            "name": kind,
            "description": rows[kind]["description"],
            "recommended_weight": rows[kind]["recommended_weight"],
            "supported_formats": rows[kind]["supported_formats"],
        }
        if kind in _PREPROCESSORS:
            row["preprocessor_model"] = kind
        types.append(row)
    return {"types": types, "recommended_weights": {row["name"]: row["recommended_weight"] for row in types}}


def require_preprocessor(kind: str, field: str) -> None:
    """Raises UnsupportedFeature where `preprocess` cannot be done for a type."""
    if kind not in _PREPROCESSORS:
        raise UnsupportedFeature(
            f"there is no preprocessor for {kind} here",
            field=field,
            hint=f"send the control image itself; preprocessors: {', '.join(_PREPROCESSORS)}",
        )


def preprocess(kind: str, image: Image.Image) -> Image.Image:
    """The control image made of a picture."""
    return _PREPROCESSORS[kind](image)


def control_arguments(uses: Sequence[ControlUse], image_name: str) -> tuple[Any, dict[str, Any]]:
    """The net (one, or all as one) and the call's arguments. image_name: what the pipeline calls the control images."""
    if len(uses) == 1:
        use = uses[0]
        return use.net, {
            image_name: use.image,
            "controlnet_conditioning_scale": use.weight,
            "control_guidance_start": use.start,
            "control_guidance_end": use.end,
        }
    return MultiControlNetModel([use.net for use in uses]), {
        image_name: [use.image for use in uses],
        "controlnet_conditioning_scale": [use.weight for use in uses],
        "control_guidance_start": [use.start for use in uses],
        "control_guidance_end": [use.end for use in uses],
    }
