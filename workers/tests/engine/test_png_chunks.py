"""PNGs whose texts and profiles are broken, large, or inflate without end: the pixels are read all the same."""

from __future__ import annotations

import json
import os
import struct
import tracemalloc
import zlib
from functools import cache

import pytest
from PIL import Image
from test_images import FIELD, P3, encoded

from concord_workers.core.job_context import JobContext
from concord_workers.images.image_input import check_image, check_mask, load_image, predict_image_warnings


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(*chunks: bytes, behind: bool = False) -> bytes:
    """A PNG with chunks behind its header, or behind its pixels."""
    content = encoded(Image.new("RGB", (8, 8), (200, 60, 40)))
    at = len(content) - 12 if behind else 33
    return content[:at] + b"".join(chunks) + content[at:]


@cache
def zeros(megabytes: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(megabytes)) + packer.flush()


BOMBS = {
    "profile": lambda: chunk(b"iCCP", b"bomb\0\0" + zeros(64)),
    "compressed text": lambda: chunk(b"zTXt", b"bomb\0\0" + zeros(64)),
    "international text": lambda: chunk(b"iTXt", b"bomb\0\1\0\0\0" + zeros(64)),
    "many texts": lambda: chunk(b"zTXt", b"bomb\0\0" + zeros(17)) * 100,
    "many profiles": lambda: chunk(b"iCCP", b"bomb\0\0" + zeros(17)) * 100,
}


@pytest.mark.parametrize("what", BOMBS)
@pytest.mark.parametrize("behind", [False, True])
def test_what_inflates_without_end_is_left_out(what, behind):
    content = png_with(BOMBS[what](), behind=behind)
    assert len(content) < 4 << 20
    context, foreseen = JobContext(), JobContext()
    tracemalloc.start()
    try:
        check_image(content, FIELD)
        check_mask(content, FIELD, "luminance")
        assert load_image(content, FIELD, (8, 8), context).getpixel((0, 0)) == (200, 60, 40)
        predict_image_warnings(content, FIELD, (8, 8), foreseen)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    codes = ["colour_profile_ignored"] if "profile" in what else []
    assert [warning.code for warning in context.warnings] == codes and foreseen.warnings == context.warnings


TEXT = json.dumps({"nodes": list(range(400_000))}).encode()
LARGE_TEXTS = {
    "compressed": chunk(b"zTXt", b"workflow\0\0" + zlib.compress(TEXT)),
    "international": chunk(b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress(TEXT)),
    "plain": chunk(b"tEXt", b"workflow\0" + TEXT),
    "many": chunk(b"tEXt", b"workflow\0" + TEXT) * 30,
    "unknown method": chunk(b"zTXt", b"workflow\0\7" + zlib.compress(b"text")),
    "a keyword of Pillow's": chunk(b"tEXt", b"transparency\0text") + chunk(b"tEXt", b"icc_profile\0text"),
}


@pytest.mark.parametrize("what", LARGE_TEXTS)
@pytest.mark.parametrize("behind", [False, True])
def test_texts_of_any_size_are_no_fault_of_a_picture(what, behind):
    context = JobContext()
    picture = load_image(png_with(LARGE_TEXTS[what], behind=behind), FIELD, (8, 8), context)
    assert picture.getpixel((0, 0)) == (200, 60, 40) and context.warnings == []


def test_a_profile_over_a_mebibyte_is_applied():
    profile = bytearray(P3 + os.urandom(1_500_000))
    profile[:4] = struct.pack(">I", len(profile))
    context = JobContext()
    load_image(png_with(chunk(b"iCCP", b"P3\0\0" + zlib.compress(bytes(profile)))), FIELD, (8, 8), context)
    assert [warning.code for warning in context.warnings] == ["colour_converted"]


@pytest.mark.parametrize("data", [b"", b"name", b"name\0", b"name\0\0", b"name\0\7abc", b"name\0\0abc"])
@pytest.mark.parametrize("behind", [False, True])
def test_a_profile_that_cannot_be_read_is_ignored_with_a_warning(data, behind):
    context = JobContext()
    load_image(png_with(chunk(b"iCCP", data), behind=behind), FIELD, (8, 8), context)
    assert [warning.code for warning in context.warnings] == ["colour_profile_ignored"]
