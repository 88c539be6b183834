"""Finds weights of zeros: downloads reserve the whole file first, so that one which stopped has its size and a sound header."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import BinaryIO

from concord_workers.core.errors import ModelInvalid
from concord_workers.core.regular_file import only_regular
from concord_workers.models.lora_file import entries_of
from concord_workers.models.safetensors_file import Header, TensorInfo

__all__ = ["changes_nothing", "require_written", "zeros_among"]

# A trained matrix differs from 0 in its first numbers; only one that does not is read on.
_FIRST_BYTES = 64
_CHUNK = 1 << 20
# Convolutions that begin as zeros, and that a net may leave so. A LoRA has its own rule.
_MAY_BE_ZERO = {"controlnet": re.compile(r"^controlnet_(down_blocks|mid_block)\b|^controlnet_cond_embedding\.conv_out\b")}


def require_written(headers: Iterable[Header], model_type: str | None) -> None:
    """Raises ModelInvalid where a matrix of the files holds nothing but zeros. model_type: the contract's kind."""
    for header in headers:
        if model_type == "lora":
            _require_lora_written(header)
            continue
        if model_type == "textual_inversion":
            # The vectors for one of the two encoders may be left out so.
            wanted = ["clip_l", "clip_g"]
            zero = zeros_among(header, wanted)
            zero = zero if len(zero) == len(wanted) else []
        else:
            zero = zeros_among(header, _matrices(header, _MAY_BE_ZERO.get(model_type or "")))
        if zero:
            raise _unwritten(header, zero)


def changes_nothing(header: Header) -> bool:
    """Whether each layer of a LoRA has a factor of 0: its alpha or one of its matrices. DoRA changes lengths all the same."""

    def is_null(file: BinaryIO, names: Mapping[str, str]) -> bool:
        factors = (names[role] for role in ("alpha", "up", "mid", "down") if role in names)
        return "magnitude" not in names and any(_is_zero(file, header, header.tensors[name]) for name in factors)

    def layers_with_effect(file: BinaryIO) -> list[str]:
        entries = entries_of(header.tensors).values()
        return next(([entry.layer] for entry in entries if not is_null(file, entry.names)), [])

    return not _read(header, layers_with_effect)


def zeros_among(header: Header, names: Iterable[str]) -> list[str]:
    """Those of the tensors that hold nothing but zeros, in the order of their places in the file."""
    ordered = sorted(names, key=lambda name: header.tensors[name].begin)
    return _read(header, lambda file: [name for name in ordered if _is_zero(file, header, header.tensors[name])])


def _matrices(header: Header, excluded: re.Pattern[str] | None) -> list[str]:
    return [
        name
        for name, tensor in header.tensors.items()
        if tensor.is_float and len(tensor.shape) > 1 and tensor.elements and not (excluded and excluded.search(name))
    ]


def _require_lora_written(header: Header) -> None:
    """Raises ModelInvalid where the file ends in zeros.

    Trainers leave matrices at 0, and merges blocks, but not with their alphas: zeros that reach from the end of the file
    over the down matrices of two layers were never written. A file of zeros alone changes nothing, which is warned of.
    """

    def zeros_at_the_end(file: BinaryIO) -> list[str]:
        tail: list[str] = []
        for name in sorted(header.tensors, key=lambda name: header.tensors[name].begin, reverse=True):
            if not _is_zero(file, header, header.tensors[name]):
                return tail
            tail.append(name)
        return []  # the whole file

    tail = _read(header, zeros_at_the_end)
    if sum(_DOWN.search(name) is not None for name in tail) > 1:
        raise _unwritten(header, tail[::-1])


_DOWN = re.compile(r"(lora_A|lora_down|\.down)\.(default\.)?weight$")


def _unwritten(header: Header, zero: list[str]) -> ModelInvalid:
    return ModelInvalid(
        f"{header.path.name} has nothing but zeros in {len(zero)} of its {len(header.tensors)} tensors, {zero[0]} first, "
        "as a download that stopped",
        hint="download it again",
        details={"names": zero[:100]},
    )


def _read(header: Header, use: Callable[[BinaryIO], list[str]]) -> list[str]:
    try:
        with open(header.path, "rb", buffering=0, opener=only_regular) as file:
            return use(file)
    except OSError as error:
        raise ModelInvalid(f"{header.path.name} cannot be read: {error.strerror}") from error


def _is_zero(file: BinaryIO, header: Header, tensor: TensorInfo) -> bool:
    position, end = header.data_begin + tensor.begin, header.data_begin + tensor.end
    size = _FIRST_BYTES
    while position < end:
        file.seek(position)
        piece = file.read(min(size, end - position))
        if not piece or piece.strip(b"\0"):
            return False
        position += len(piece)
        size = _CHUNK
    return True
