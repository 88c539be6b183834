"""Headers of weight files that can be read as they stand: no pickles, no broken files, no quantised weights."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NoReturn

from concord_workers.core.errors import ModelInvalid
from concord_workers.models.safetensors_file import CONTRACT_DTYPES, Header, issues_of, read_header

__all__ = ["PICKLES", "main_dtype", "refuse_pickles", "require_float_weights", "sound_header"]

PICKLES = {".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle"}
# What quantised files hold beside their weights: fp8 with scales, and bitsandbytes.
_SCALES = re.compile(
    r"(^|\.)(scaled_fp8|scale_weight|scale_input|weight_scale(_2|_inv)?|input_scale|comfy_quant)$"
    r"|\.weight\.(absmax|nested_absmax|quant_map|nested_quant_map|quant_state\..*|SCB)$"
)

# What is a whole number by its nature: places, counts, and the alpha of a LoRA's layer, which trainers write either way.
_WHOLE_NUMBERS = re.compile(r"position_ids$|(^|\.)num_batches_tracked$|\.alpha$")


def refuse_pickles(path: Path) -> NoReturn:
    raise ModelInvalid(
        f"{path.name} is pickled; pickled weights are refused everywhere", hint="convert it to .safetensors with a trusted tool"
    )


def sound_header(path: Path) -> Header:
    header = read_header(path)
    if issues := issues_of(header):
        raise ModelInvalid(f"{path.name} is broken: {issues[0]}", details={"issues": issues[:100]})
    if scales := [name for name in header.tensors if _SCALES.search(name)]:
        # Read without them, the weights would be other numbers than those that were trained.
        raise ModelInvalid(
            f"{path.name} has scaled weights: {len(scales)} of its {len(header.tensors)} tensors are scales, {scales[0]} first",
            hint="use a file in fp16, bf16 or fp32",
            details={"names": scales[:100]},
        )
    # A file's matrices are weights, whatever their names are.
    _require_float(header, (name for name, tensor in header.tensors.items() if len(tensor.shape) > 1))
    return header


def require_float_weights(headers: Iterable[Header], used: Collection[str]) -> None:
    """Raises ModelInvalid where a weight that jobs read is no floating-point number. used: names of these weights."""
    for header in headers:
        _require_float(header, (name for name in header.tensors if name in used))


def _require_float(header: Header, names: Iterable[str]) -> None:
    # Integers in place of weights are quantised; without their scales they would be read as they stand.
    tensors = header.tensors
    quantised = [name for name in names if not tensors[name].is_float and not _WHOLE_NUMBERS.search(name)]
    if quantised:
        raise ModelInvalid(
            f"{header.path.name} has weights that are no floating-point numbers: "
            f"{len(quantised)} of its {len(tensors)} tensors, {quantised[0]} ({tensors[quantised[0]].dtype}) first",
            hint="use a file in fp16, bf16 or fp32",
            details={"names": quantised[:100]},
        )


def main_dtype(headers: list[Header]) -> str | None:
    counts: Counter[str] = Counter()
    for header in headers:
        for tensor in header.tensors.values():
            counts[tensor.dtype] += tensor.elements
    return CONTRACT_DTYPES.get(counts.most_common(1)[0][0]) if counts else None
