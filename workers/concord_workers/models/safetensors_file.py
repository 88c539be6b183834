"""Reads and checks `.safetensors` files without loading them: the header, its shapes, types and byte ranges.

A file is 8 bytes of header length (little endian), a JSON header of that length, and the tensors' bytes. Everything that
a loader relies on is checked here first, so that a broken file is refused with its faults.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from concord_workers.core.errors import ModelInvalid
from concord_workers.core.regular_file import only_regular
from concord_workers.models.cause import cause_of

if TYPE_CHECKING:
    import torch

__all__ = ["CONTRACT_DTYPES", "Header", "TensorInfo", "check_values", "file_sha256", "issues_of", "read_header", "read_tensors"]

_HEADER_BYTES_MAX = 100_000_000  # the format's own limit
# Sentences quote names; those of real files have some 100 characters.
_NAME_MAX = 1000
# More than any library makes. The product of a million sides takes hours.
_SIDES_MAX = 64
_DTYPE_BYTES = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"), 1),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 2),
    **dict.fromkeys(("I32", "U32", "F32"), 4),
    **dict.fromkeys(("I64", "U64", "F64"), 8),
}
CONTRACT_DTYPES = {"F16": "fp16", "BF16": "bf16", "F32": "fp32"}
_CHUNK = 8 << 20


@dataclass(frozen=True)
class TensorInfo:
    """One tensor: dtype as the format spells it, shape, and its byte range relative to the data."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def is_float(self) -> bool:
        return self.dtype.startswith(("F", "BF"))


@dataclass(frozen=True)
class Header:
    """A file's header. data_begin: offset of the tensors' bytes in the file."""

    path: Path
    file_bytes: int
    data_begin: int
    tensors: dict[str, TensorInfo]
    metadata: dict[str, str]


class _RawTensor(msgspec.Struct):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


def read_header(path: Path) -> Header:
    """Parses the header. Raises ModelInvalid where it cannot be parsed; `issues_of` finds the faults of one that can."""
    try:
        with open(path, "rb", opener=only_regular) as file:
            file_bytes = os.fstat(file.fileno()).st_size
            if file_bytes < 8:
                raise ModelInvalid(f"{path.name} is truncated: {file_bytes} bytes hold no header length")
            (length,) = struct.unpack("<Q", file.read(8))
            if length > _HEADER_BYTES_MAX or length < 2:
                raise ModelInvalid(f"{path.name} is no safetensors file: its header would have {length} bytes")
            if 8 + length > file_bytes:
                raise ModelInvalid(f"{path.name} is truncated inside its header")
            raw = file.read(length)
    except OSError as error:
        raise ModelInvalid(f"{path.name} cannot be read: {error.strerror}") from error
    try:
        entries = msgspec.json.decode(raw.rstrip(b" "), type=dict[str, msgspec.Raw])
        metadata: dict[str, str] = {}
        tensors: dict[str, TensorInfo] = {}
        for name, value in entries.items():
            if name == "__metadata__":
                metadata = msgspec.json.decode(value, type=dict[str, str])
                continue
            tensor = msgspec.json.decode(value, type=_RawTensor)
            _require_short(name, tensor)
            tensors[name] = TensorInfo(tensor.dtype, tuple(tensor.shape), *tensor.data_offsets)
        json.loads(raw, object_pairs_hook=_require_unique)
    except (ValueError, RecursionError) as error:
        raise ModelInvalid(f"{path.name} has a broken header: {error}") from error
    return Header(path, file_bytes, 8 + length, tensors, metadata)


def _require_short(name: str, tensor: _RawTensor) -> None:
    """Raises ValueError for a tensor that no sentence can describe."""
    if len(name) > _NAME_MAX:
        raise ValueError(f"the name of a tensor has {len(name)} characters, and {_NAME_MAX} are read: {name[:100]}…")
    if len(tensor.dtype) > _NAME_MAX:
        raise ValueError(f"{name}: the name of its type has {len(tensor.dtype)} characters")
    if len(tensor.shape) > _SIDES_MAX:
        raise ValueError(f"{name}: {len(tensor.shape)} sides, and {_SIDES_MAX} are read")


def _require_unique(pairs: list[tuple[str, Any]]) -> None:
    """Raises ValueError for a name that stands twice: readers differ in which of the two they take."""
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise ValueError(f"{name[:100]} stands twice")
        seen.add(name)


def issues_of(header: Header) -> list[str]:
    """The faults of a readable header: unknown types, sizes that do not match, overlaps, holes, missing bytes."""
    issues: list[str] = []
    if not header.tensors:
        issues.append("it holds no tensors")
    position = 0
    for name, tensor in sorted(header.tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if any(side < 0 for side in tensor.shape):
            issues.append(f"{name}: negative shape {list(tensor.shape)}")
            continue
        width = _DTYPE_BYTES.get(tensor.dtype)
        if width is None:
            issues.append(f"{name}: unknown dtype {tensor.dtype}")
        elif tensor.end - tensor.begin != tensor.elements * width:
            wanted = tensor.elements * width
            issues.append(
                f"{name}: {tensor.end - tensor.begin} bytes for shape {list(tensor.shape)} of {tensor.dtype}, not {wanted}"
            )
        if tensor.begin < position:
            issues.append(f"{name}: overlaps the tensor before it by {position - tensor.begin} bytes")
        elif tensor.begin > position:
            issues.append(f"{name}: a hole of {tensor.begin - position} bytes before it")
        position = max(position, tensor.end)
    data_bytes = header.file_bytes - header.data_begin
    if position > data_bytes:
        issues.append(f"truncated: {position - data_bytes} bytes are missing")
    elif position < data_bytes:
        issues.append(f"{data_bytes - position} bytes after the last tensor belong to none")
    return issues


def file_sha256(path: Path, check: Callable[[], None]) -> str:
    """SHA-256 of a file, in hex. `check` is called between pieces and may raise."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            check()
            digest.update(piece)
    return digest.hexdigest()


def read_tensors(path: Path, names: Sequence[str]) -> dict[str, torch.Tensor]:
    """Reads some tensors of a file. Raises ModelInvalid where the file no longer has them."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            return {name: file.get_tensor(name) for name in names}
    except (OSError, SafetensorError) as error:
        raise ModelInvalid(f"{path.name} cannot be read: {cause_of(error, path)}") from error


def check_values(path: Path, check: Callable[[], None]) -> list[str]:
    """Reads every tensor of a sound file and names those with values that are not finite."""
    import torch
    from safetensors import safe_open

    issues = []
    with safe_open(path, framework="pt", device="cpu") as file:
        for name in file.keys():
            check()
            tensor = file.get_tensor(name)
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor.float()).all()):
                issues.append(f"{name}: values that are not finite")
    return issues
