"""The prediction type and noise schedule of a base, from the keys, metadata and configuration of its files.

The shapes of a UNet do not show whether it predicts noise (epsilon) or velocity (v), and sampled as the other one it
makes noise. So every place that states it is read, and a model whose places contradict each other is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from concord_workers.core.errors import ModelInvalid
from concord_workers.core.scalar import shorten
from concord_workers.models.safetensors_file import Header
from concord_workers.models.sdxl_config import PUBLISHED_SCHEDULER

__all__ = ["Prediction", "prediction_of_config", "prediction_of_file", "with_prediction"]

_MODELSPEC = "modelspec.prediction_type"
_SPELLINGS = {"epsilon": "epsilon", "eps": "epsilon"} | dict.fromkeys(
    ("v", "v_prediction", "v-prediction", "vpred", "v_pred"), "v_prediction"
)
_EDM_KEYS = ("edm_mean", "edm_std", "edm_vpred.sigma_max", "edm_vpred.sigma_min")


@dataclass(frozen=True)
class Prediction:
    """type: `epsilon` or `v_prediction`. zero_snr: whether the last step of its noise schedule holds no signal."""

    type: str = "epsilon"
    zero_snr: bool = False

    def __str__(self) -> str:
        return self.type + (" with zero terminal SNR" if self.zero_snr else "")


def prediction_of_config(config: Mapping[str, object], name: str) -> Prediction:
    """The prediction of a scheduler's configuration. Raises ModelInvalid for one that no sampler here supports."""
    kind = str(config.get("prediction_type", "epsilon"))
    sampler = str(config.get("_class_name", ""))
    if sampler.startswith(("EDM", "FlowMatch")) or config.get("use_flow_sigmas"):
        raise ModelInvalid(
            f"the scheduler of {name} is {sampler}, for a noise schedule that no sampler here follows",
            hint="use a model that predicts epsilon or v on SDXL's noise schedule",
        )
    if kind not in ("epsilon", "v_prediction"):
        raise ModelInvalid(
            f"the scheduler of {name} says the prediction type {shorten(str(kind))}, which is not supported",
            hint="the prediction types that are supported are epsilon and v_prediction",
        )
    return Prediction(kind, bool(config.get("rescale_betas_zero_snr", False)))


def prediction_of_file(header: Header, config: Mapping[str, object]) -> Prediction:
    """The prediction of a single file and its configuration.

    The file's keys `v_pred` and `ztsnr` come before its metadata, and both before the configuration, where `epsilon`
    is only the default that every configuration is written with. Raises ModelInvalid for places that contradict each
    other, and for other prediction types.
    """
    name = header.path.name
    if edm := [key for key in _EDM_KEYS if key in header.tensors]:
        raise ModelInvalid(f"{name} is an EDM checkpoint ({edm[0]}), whose noise schedule no sampler here follows")
    stated: dict[str, str] = {}
    if "v_pred" in header.tensors:
        stated["its key v_pred"] = "v_prediction"
    if (spec := header.metadata.get(_MODELSPEC)) is not None:
        known = _SPELLINGS.get(spec.strip().lower())
        if known is None:
            raise ModelInvalid(f"the metadata of {name} say {_MODELSPEC} {shorten(spec)}, which is not supported")
        stated[f"its metadata ({_MODELSPEC} {shorten(spec)})"] = known
    configured = prediction_of_config(config, name)
    if configured.type != "epsilon":
        stated["its configuration"] = configured.type
    if len(set(stated.values())) > 1:
        places = ", ".join(f"{place} says {kind}" for place, kind in stated.items())
        raise ModelInvalid(f"{name} contradicts itself: {places}", hint="correct the wrong place")
    kind = next(iter(stated.values()), "epsilon")
    zero_snr = "ztsnr" in header.tensors
    if zero_snr and kind != "v_prediction":
        raise ModelInvalid(
            f"{name} holds ztsnr but no v_pred: with zero terminal SNR the noise alone cannot be predicted",
            hint="add the key v_pred, or the metadata modelspec.prediction_type, if the model predicts v",
        )
    return Prediction(kind, zero_snr or configured.zero_snr)


def with_prediction(config: Mapping[str, object], prediction: Prediction) -> dict[str, Any]:
    """A scheduler's configuration with the prediction, and with SDXL's published values for absent members."""
    stated = {"prediction_type": prediction.type, "rescale_betas_zero_snr": prediction.zero_snr}
    return PUBLISHED_SCHEDULER | dict(config) | stated
