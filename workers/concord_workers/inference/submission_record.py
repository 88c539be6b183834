"""The record inside a picture: the effective submission with its seed, without anything that differs between equal jobs."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

import msgspec

from concord_workers.contract.generated.submission import EffectiveSubmission
from concord_workers.models.model_id import is_path

__all__ = ["record_of"]


def record_of(submission: EffectiveSubmission, seed: int, image_hashes: dict[str, str]) -> str:
    """JSON text, keys sorted, absent members left out. seed: of this picture. image_hashes: reference → `sha256:<hex>`."""
    replace, conditioning = msgspec.structs.replace, submission.conditioning
    model = submission.model
    record = replace(
        submission,
        hyperparameters=replace(submission.hyperparameters, seed=seed),
        model=replace(model, **{name: _file_name(reference) for name, reference in msgspec.to_builtins(model).items()}),
        conditioning=replace(
            conditioning,
            loras=tuple(replace(lora, name=_file_name(lora.name)) for lora in conditioning.loras),
            textual_inversions=tuple(
                replace(inversion, path=_last_part(inversion.path)) for inversion in conditioning.textual_inversions
            ),
            control_nets=tuple(
                replace(net, image=image_hashes[net.image], model=_file_name(net.model)) for net in conditioning.control_nets
            ),
            init_image=_hash_of(conditioning.init_image, image_hashes),
            inpaint_mask=_hash_of(conditioning.inpaint_mask, image_hashes),
        ),
    )
    document = msgspec.to_builtins(record)
    del document["metadata"]
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _hash_of(reference: str | None, image_hashes: dict[str, str]) -> str | None:
    return image_hashes[reference] if reference is not None else None


def _file_name(reference: str | None) -> str | None:
    """The last part of a path. An id stays as it is, and so does an absent reference."""
    return _last_part(reference) if reference is not None and is_path(reference) else reference


def _last_part(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).name
