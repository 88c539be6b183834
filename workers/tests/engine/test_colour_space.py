"""Colour spaces that files name without a profile: converted to sRGB and told, or told to be ignored."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms
from test_images import P3, profile

from concord_workers.core.job_context import JobContext
from concord_workers.images.colour import to_srgb
from concord_workers.images.colour_space import Space
from concord_workers.images.image_input import predict_image_warnings, read_picture

D65 = (31270, 32900)
SRGB = (*D65, 64000, 33000, 30000, 60000, 15000, 6000)
ADOBE = (*D65, 64000, 33000, 21000, 71000, 15000, 6000)
COLOURS = np.array([[[200, 60, 30], [20, 180, 90], [64, 64, 64], [255, 255, 255]]], dtype=np.uint8)


def png(*chunks: tuple[bytes, bytes], picture: Image.Image | None = None, **save) -> bytes:
    """A PNG with more chunks before its pixels."""
    out = io.BytesIO()
    (picture or Image.fromarray(COLOURS)).save(out, "PNG", **save)
    content = out.getvalue()
    own = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return content[:33] + own + content[33:]


def gamma(value: int) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", value)


def primaries(values: tuple[int, ...]) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *values)


def jpeg_of_adobe(how: str) -> bytes:
    exif = Image.Exif()
    if how == "mark":
        exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    else:
        exif.get_ifd(0x8769)[0xA001] = 2
    out = io.BytesIO()
    Image.fromarray(COLOURS.repeat(8, 0).repeat(8, 1)).save(out, "JPEG", exif=exif, quality=100, subsampling=0)
    return out.getvalue()


def read(content: bytes) -> tuple[np.ndarray, list[str]]:
    """The picture, and the codes of its warnings, which the check foresees."""
    ran, foreseen = JobContext(), JobContext()
    picture = read_picture(content, "/conditioning/init_image", ran)
    predict_image_warnings(content, "/conditioning/init_image", picture.size, foreseen)
    assert [w.message for w in ran.warnings] == [w.message for w in foreseen.warnings]
    assert all(w.pointer == "/conditioning/init_image" for w in ran.warnings)
    return np.asarray(picture).astype(int), [w.code for w in ran.warnings]


CONVERTED = {
    "linear": [gamma(100_000)],
    "gamma 1.8": [gamma(55_556)],
    "Adobe RGB": [gamma(45_455), primaries(ADOBE)],
    "primaries alone": [primaries(ADOBE)],
    "Display P3": [(b"cICP", bytes([12, 13, 0, 1]))],
    "BT.2020 of gamma 2.2": [(b"cICP", bytes([9, 4, 0, 1]))],
    "cICP before sRGB": [(b"cICP", bytes([12, 13, 0, 1])), (b"sRGB", b"\0")],
}
PLAIN = {
    "sRGB": [(b"sRGB", b"\0"), gamma(100_000)],
    "sRGB by its numbers": [gamma(45_455), primaries(SRGB)],
    "the usual gamma": [gamma(45_000)],
    "cICP of sRGB": [(b"cICP", bytes([1, 13, 0, 1]))],
}
IGNORED = {
    "PQ": [(b"cICP", bytes([9, 16, 0, 1]))],
    "HLG": [(b"cICP", bytes([9, 18, 0, 1]))],
    "video": [(b"cICP", bytes([1, 1, 0, 0]))],
    "no gamma": [gamma(0)],
    "a gamma out of bounds": [gamma(1)],
    "primaries of one point": [primaries((*D65, *(33000, 33000) * 3))],
    "a primary of no light": [primaries((*D65, 64000, 0, 30000, 60000, 15000, 6000))],
}


@pytest.mark.parametrize("what", CONVERTED)
def test_a_space_that_is_named_is_converted_and_told(what):
    found, codes = read(png(*CONVERTED[what]))
    assert codes == ["colour_converted"]
    assert np.abs(found - COLOURS).max() > 5
    assert np.abs(found[0, 3] - 255).max() <= 1  # white stays white


@pytest.mark.parametrize("what", PLAIN)
def test_srgb_is_left_alone(what):
    found, codes = read(png(*PLAIN[what]))
    assert codes == [] and np.array_equal(found, COLOURS)


@pytest.mark.parametrize("what", IGNORED)
def test_a_space_that_cannot_be_used_is_told(what):
    found, codes = read(png(*IGNORED[what]))
    assert codes == ["colour_profile_ignored"] and np.array_equal(found, COLOURS)


@pytest.mark.parametrize(
    ("primaries", "icc"),
    [
        (((0.3127, 0.329), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)), P3),
        (
            ((0.3127, 0.329), (0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
            profile((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)),
        ),
    ],
    ids=["P3", "Adobe RGB"],
)
def test_numbers_are_those_of_a_profile_of_the_same_space(primaries, icc):
    steps = np.arange(0, 256, 17, dtype=np.uint8)
    cube = Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), -1).reshape(16, -1, 3))
    by_profile, _ = to_srgb(with_profile(cube, icc))
    by_numbers = Space("the same", primaries, 563 / 256).to_srgb(cube)
    assert np.abs(np.asarray(by_profile).astype(int) - np.asarray(by_numbers).astype(int)).max() <= 2


def with_profile(picture: Image.Image, icc: bytes) -> Image.Image:
    copy = picture.copy()
    copy.info["icc_profile"] = icc
    return copy


def test_a_gamma_alone():
    half, _ = read(png(gamma(100_000), picture=Image.new("RGB", (1, 1), (128, 128, 128))))
    assert np.abs(half[0, 0] - 188).max() <= 1


def test_a_grey_picture_takes_the_gamma_alone():
    grey = Image.new("L", (2, 2), 128)
    found, codes = read(png(gamma(100_000), picture=grey))
    assert codes == ["colour_converted"] and np.abs(found - 188).max() <= 1
    found, codes = read(png(primaries(ADOBE), picture=grey))
    assert codes == [] and (found == 128).all()


def test_a_profile_comes_before_gamma_and_after_cicp():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    found, codes = read(png(gamma(100_000), icc_profile=profile))
    assert codes == [] and np.array_equal(found, COLOURS)
    _, codes = read(png((b"cICP", bytes([12, 13, 0, 1])), icc_profile=profile))
    assert codes == ["colour_converted"]


@pytest.mark.parametrize("how", ["mark", "colour space"])
def test_a_camera_s_adobe_rgb_is_converted(how):
    _, codes = read(jpeg_of_adobe(how))
    assert codes == ["colour_converted"]


def test_a_large_picture_is_converted_piece_by_piece(monkeypatch):
    from concord_workers.images import colour_space

    picture = Image.fromarray(np.random.default_rng(1).integers(0, 256, (37, 41, 3), dtype=np.uint8))
    space = Space("linear", exponent=1.0)
    whole = np.asarray(space.to_srgb(picture))
    monkeypatch.setattr(colour_space, "_PIXELS_AT_ONCE", 100)
    assert np.array_equal(np.asarray(space.to_srgb(picture)), whole)
