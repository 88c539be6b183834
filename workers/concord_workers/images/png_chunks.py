"""Leaves out of a PNG what Pillow would refuse the whole picture for: texts and profiles that are broken or too large.

The pixels do not depend on them. A profile that cannot be read is replaced by an empty one, so that it is warned of.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import PngImagePlugin

__all__ = ["readable_png"]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# The most that a JPEG's profile has (255 pieces of 64 KiB), so that both formats hold the same ones. Pillow's own limit of
# 1 MiB refuses sound pictures: profiles of printers are larger, and workflows in texts.
_CHUNK_MAX = 16 << 20
PngImagePlugin.MAX_TEXT_CHUNK = _CHUNK_MAX
# All that a picture's texts and profiles may inflate to. Pillow counts the characters of texts, of which there are no more.
_TOTAL_MAX = 64 << 20
PngImagePlugin.MAX_TEXT_MEMORY = _TOTAL_MAX
_PIECE = 64 << 10
# Pillow keeps texts beside what it read itself, under their own keywords.
_KEYS_OF_PILLOW = (b"icc_profile", b"transparency")
_EMPTY = b"iCCP" + b"unreadable\0\0" + zlib.compress(b"")
_EMPTY_PROFILE = struct.pack(">I", len(_EMPTY) - 4) + _EMPTY + struct.pack(">I", zlib.crc32(_EMPTY))


@dataclass(frozen=True)
class _Chunk:
    """Its kind, and where its data lie in the file."""

    kind: bytes
    begin: int
    end: int


def readable_png(content: bytes) -> bytes:
    """The file without the texts and profiles that Pillow cannot take; the same object where it can, and for other formats."""
    if not content.startswith(_SIGNATURE):
        return content
    whole = memoryview(content)
    kept: list[bytes | memoryview] = []
    position, left = 0, _TOTAL_MAX
    for chunk in _chunks(content):
        is_readable, spent = _read(chunk, content, left)
        left -= spent
        if is_readable:
            continue
        kept.append(whole[position : chunk.begin - 8])
        if chunk.kind == b"iCCP":
            kept.append(_EMPTY_PROFILE)
        position = chunk.end + 4
    return b"".join([*kept, whole[position:]]) if kept else content


def _chunks(content: bytes) -> Iterator[_Chunk]:
    """The texts and profiles. A chunk that the file ends within is left to the decoder."""
    position = len(_SIGNATURE)
    while position + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        begin, end = position + 8, position + 8 + length
        if end + 4 > len(content):
            return
        if kind in (b"iCCP", b"tEXt", b"zTXt", b"iTXt"):
            yield _Chunk(kind, begin, end)
        position = end + 4


def _read(chunk: _Chunk, content: bytes, left: int) -> tuple[bool, int]:
    """Whether Pillow can read a chunk, and how many bytes of `left` it took to find that out."""
    zero = content.find(b"\0", chunk.begin, chunk.end)
    if chunk.kind != b"iCCP" and zero >= 0 and content[chunk.begin : zero] in _KEYS_OF_PILLOW:
        return False, 0
    method, packed = _packing(chunk, content, zero)
    if packed is None:
        size = chunk.end - chunk.begin
        return (True, size) if size < left else (False, 0)
    if method != 0:
        return False, 0
    limit = min(left, _CHUNK_MAX)
    size = _inflated(memoryview(content)[packed : chunk.end], limit)
    # Pillow stops at its limit even where nothing follows.
    return size < limit, min(size, left)


def _packing(chunk: _Chunk, content: bytes, zero: int) -> tuple[int | None, int | None]:
    """The method of compression, and where the compressed data begin; None where there are none. zero: end of the keyword."""
    head = content[zero + 1 : min(zero + 3, chunk.end)] if zero >= 0 else b""
    if chunk.kind == b"iCCP":
        return (head[0] if head else None), zero + 2
    if chunk.kind == b"zTXt" and head:
        return head[0], zero + 2
    if chunk.kind == b"iTXt" and len(head) == 2 and head[0] != 0 and head[1] == 0:
        language = content.find(b"\0", zero + 3, chunk.end)
        translated = content.find(b"\0", language + 1, chunk.end) if language >= 0 else -1
        if translated >= 0:
            return 0, translated + 1
    return None, None


def _inflated(data: memoryview, limit: int) -> int:
    """How many bytes compressed data give, counted up to about the limit; those before the first fault."""
    inflater, size = zlib.decompressobj(), 0
    for begin in range(0, len(data), _PIECE):
        rest: bytes | memoryview = data[begin : begin + _PIECE]
        while rest:
            if size >= limit or inflater.eof:
                return size
            try:
                size += len(inflater.decompress(rest, _PIECE))
            except zlib.error:
                return size
            rest = inflater.unconsumed_tail
    return size
