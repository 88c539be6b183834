"""Finds weights of zeros: downloads reserve the whole file first, so that one which stopped has its size and a sound header."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import BinaryIO, TypeVar

from concord_workers.core.errors import ModelInvalid
from concord_workers.core.regular_file import only_regular
from concord_workers.models.lora_file import entries_of
from concord_workers.models.safetensors_file import Header, TensorInfo

__all__ = ["changes_nothing", "require_written"]

_Result = TypeVar("_Result")

# A trained matrix differs from 0 in its first numbers; only one that does not is read on.
_FIRST_BYTES = 64
_CHUNK = 1 << 20
_ZEROS = bytes(_CHUNK)
# Convolutions that begin as zeros, and that a net may leave so. A LoRA has its own rule.
_MAY_BE_ZERO = {"controlnet": re.compile(r"^controlnet_(down_blocks|mid_block)\b|^controlnet_cond_embedding\.conv_out\b")}


def require_written(headers: Iterable[Header], model_type: str | None, used: Collection[str]) -> None:
    """Raises ModelInvalid where a matrix that jobs read holds nothing but zeros.

    model_type: the contract's kind. used: names of the weights that jobs read; all others may be zeros.
    """
    for header in headers:
        matrices = _matrices(header, used, _MAY_BE_ZERO.get(model_type or ""))
        if model_type == "lora":
            zero = _zeros_at_the_end(header, {name for name in header.tensors if _DOWN.search(name)})
            # One of zeros alone changes nothing, which is warned of.
            zero = zero if zero and _first_written(header, header.tensors) else None
        elif model_type == "textual_inversion":
            # The vectors for one of the two encoders may be zeros.
            zero = None if _first_written(header, used) else _ordered(header, used)[0]
        else:
            # Small numbers are rounded to 0 in 8 bits, and so may all those of one matrix be.
            small = {name for name in matrices if header.tensors[name].dtype.startswith("F8")}
            zero = _first_zero(header, set(matrices) - small) or _zeros_at_the_end(header, small)
        if zero:
            raise _unwritten(header, zero)


def changes_nothing(header: Header) -> bool:
    """Whether each layer of a LoRA has a factor of 0: its alpha or one of its matrices. DoRA changes lengths all the same."""

    def is_null(file: BinaryIO, names: Mapping[str, str]) -> bool:
        factors = (names[role] for role in ("alpha", "up", "mid", "down") if role in names)
        return "magnitude" not in names and any(_is_zero(file, header, header.tensors[name]) for name in factors)

    return _read(header, lambda file: all(is_null(file, entry.names) for entry in entries_of(header.tensors).values()))


def _matrices(header: Header, used: Collection[str], excluded: re.Pattern[str] | None) -> list[str]:
    return [
        name
        for name, tensor in header.tensors.items()
        if name in used
        and tensor.is_float
        and len(tensor.shape) > 1
        and tensor.elements
        and not (excluded and excluded.search(name))
    ]


def _ordered(header: Header, names: Iterable[str]) -> list[str]:
    """The names in the order of their tensors in the file."""
    return sorted(names, key=lambda name: header.tensors[name].begin)


def _first_zero(header: Header, names: Iterable[str]) -> str | None:
    """The first of the tensors that holds nothing but zeros; those behind it are not read."""
    return _first(header, _ordered(header, names), is_zero=True)


def _first_written(header: Header, names: Iterable[str]) -> str | None:
    return _first(header, _ordered(header, names), is_zero=False)


def _first(header: Header, names: list[str], *, is_zero: bool) -> str | None:
    return _read(
        header, lambda file: next((name for name in names if _is_zero(file, header, header.tensors[name]) == is_zero), None)
    )


def _zeros_at_the_end(header: Header, counted: Collection[str]) -> str | None:
    """The last but one of the counted tensors, where the file holds nothing but zeros from there to its end.

    Trainers leave a LoRA's matrices at 0, and merges blocks, but not with their alphas: zeros from the down matrices of two
    layers to the end of the file were never written.
    """

    def second_from_the_end(file: BinaryIO) -> str | None:
        found = 0
        for name in reversed(_ordered(header, header.tensors)):
            if not _is_zero(file, header, header.tensors[name]):
                return None
            found += name in counted
            if found > 1:
                return name
        return None

    return _read(header, second_from_the_end) if len(counted) > 1 else None


_DOWN = re.compile(r"(lora_A|lora_down|\.down)\.(default\.)?weight$")


def _unwritten(header: Header, zero: str) -> ModelInvalid:
    return ModelInvalid(
        f"{header.path.name} has nothing but zeros in at least one of its {len(header.tensors)} tensors, {zero}, "
        "as a download that stopped",
        hint="download it again",
        details={"names": [zero]},
    )


def _read(header: Header, use: Callable[[BinaryIO], _Result]) -> _Result:
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
        # memcmp: `strip` would go over the bytes one by one and hold the interpreter's lock meanwhile.
        if not piece or piece != _ZEROS[: len(piece)]:
            return False
        position += len(piece)
        size = _CHUNK
    return True
