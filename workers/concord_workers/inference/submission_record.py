"""The record inside a picture: the effective submission with its seed, and nothing that differs between equal jobs."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

import msgspec

from concord_workers.inference.submission_view import SubmissionView
from concord_workers.models.model_id import is_path

__all__ = ["record_of", "to_document"]


def to_document(value: Any) -> Any:
    """Plain JSON values of a submission given as generated structs or as plain objects; what is absent is left out."""
    if isinstance(value, SubmissionView):
        value = value._document
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value)
    elif hasattr(value, "__dict__"):
        value = vars(value)
    if isinstance(value, dict):
        return {name: to_document(item) for name, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [to_document(item) for item in value]
    return value


def record_of(submission: Any, seed: int, image_hashes: dict[str, str]) -> str:
    """JSON text, keys sorted. seed: of this picture. image_hashes: reference → `sha256:<hex>`."""
    document: dict[str, Any] = to_document(submission)
    document.pop("metadata", None)
    document["hyperparameters"]["seed"] = seed
    model, conditioning = document["model"], document["conditioning"]
    for name in model:
        model[name] = _file_name(model[name])
    for lora in conditioning.get("loras", []):
        lora["name"] = _file_name(lora["name"])
    for inversion in conditioning.get("textual_inversions", []):
        inversion["path"] = PurePosixPath(inversion["path"].replace("\\", "/")).name
    for net in conditioning.get("control_nets", []):
        net["image"] = image_hashes[net["image"]]
        if "model" in net:
            net["model"] = _file_name(net["model"])
    for name in ("init_image", "inpaint_mask"):
        if name in conditioning:
            conditioning[name] = image_hashes[conditioning[name]]
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _file_name(reference: str) -> str:
    return PurePosixPath(reference.replace("\\", "/")).name if is_path(reference) else reference
