"""Colour spaces that pictures name without an ICC profile, and their conversion to sRGB.

PNG: cICP, gAMA and cHRM. JPEG and WebP: Adobe RGB in EXIF, as cameras write it. A cICP comes before an ICC profile, a profile
before sRGB, gAMA and cHRM, and those before nothing, as PNG's third edition says.
"""

from __future__ import annotations

import io
import logging
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image

__all__ = ["Named", "Space", "named_space"]

log = logging.getLogger(__name__)

_PNG = b"\x89PNG\r\n\x1a\n"
_D65 = (0.3127, 0.329)
_Point = tuple[float, float]
# White, red, green, blue, by the numbers of ITU-T H.273.
_PRIMARIES: dict[int, tuple[_Point, _Point, _Point, _Point]] = {
    1: (_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    5: (_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: (_D65, (0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
    7: (_D65, (0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
    9: (_D65, (0.708, 0.292), (0.17, 0.797), (0.131, 0.046)),
    11: ((0.314, 0.351), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    12: (_D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
}
_SRGB = _PRIMARIES[1]
# H.273's number of a transfer function → its exponent; None: sRGB's own curve. Those of video and HDR are not converted.
_TRANSFERS: dict[int, float | None] = {4: 2.2, 5: 2.8, 8: 1.0, 13: None}
# gAMA of 1/2.2 beside sRGB's primaries is how programs without the sRGB chunk write sRGB; libpng has the same tolerance.
_GAMMA_OF_SRGB, _GAMMA_TOLERANCE = 2.2, 0.05
_GAMMAS = (0.1, 10.0)
# Cone responses of Bradford's adaptation from one white to another.
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
# Chromaticities so near to sRGB's are sRGB's: files round them.
_NEAR = 0.005
_PIXELS_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Space:
    """A colour space of three primaries. exponent: of its curve from values to light; None: sRGB's curve."""

    name: str
    primaries: tuple[_Point, _Point, _Point, _Point] = _SRGB
    exponent: float | None = None

    @property
    def is_srgb(self) -> bool:
        return self.exponent is None and _are_near(self.primaries, _SRGB)

    def to_srgb(self, picture: Image.Image) -> Image.Image:
        """The picture, L or RGB, converted to RGB in sRGB."""
        values = np.arange(256) / 255.0
        light = (_light_of_srgb(values) if self.exponent is None else values**self.exponent).astype(np.float32)
        if picture.mode == "L":
            return picture.point(_srgb_of_light(light).tolist()).convert("RGB")
        matrix = (np.linalg.inv(_to_xyz(_SRGB)) @ _to_xyz(self.primaries)).astype(np.float32)
        source = np.asarray(picture).reshape(-1, 3)
        target = np.empty_like(source)
        for begin in range(0, len(source), _PIXELS_AT_ONCE):
            piece = slice(begin, begin + _PIXELS_AT_ONCE)
            target[piece] = _srgb_of_light(light[source[piece]] @ matrix.T)
        return Image.fromarray(target.reshape(picture.height, picture.width, 3), "RGB")


@dataclass(frozen=True)
class Named:
    """The space that a picture names. space: None where it cannot be used, for the reason `problem`.

    before_profile: it comes before an ICC profile of the picture.
    """

    space: Space | None = None
    problem: str = ""
    before_profile: bool = False


def named_space(content: bytes) -> Named | None:
    """The space that a picture's file names, ICC profiles left out; None where it names none."""
    if content.startswith(_PNG):
        return _of_png(dict(_chunks(content)))
    return Named(_ADOBE) if _is_adobe(content) else None


_ADOBE = Space("Adobe RGB", (_D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), 563 / 256)


# Pillow's errors for broken EXIF, whose pixels may be sound; each broken member raises another one.
_BROKEN_EXIF = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    Image.DecompressionBombError,
)


def _is_adobe(content: bytes) -> bool:
    """Whether EXIF says Adobe RGB, by the mark that DCF prescribes or the colour space that some programs write."""
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "WEBP")) as picture:
            exif = picture.getexif()
        mark = exif.get_ifd(ExifTags.IFD.Interop).get(1)
        return str(mark).startswith("R03") or exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.ColorSpace) == 2
    except _BROKEN_EXIF as error:
        log.info("the EXIF block of a picture cannot be read: %r", error)
        return False


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and data of a PNG's chunks before its pixels."""
    position = len(_PNG)
    while position + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, position)
        if kind == b"IDAT":
            return
        if kind in (b"cICP", b"sRGB", b"gAMA", b"cHRM"):
            yield kind, content[position + 8 : position + 8 + length]
        position += 12 + length


def _of_png(chunks: dict[bytes, bytes]) -> Named | None:
    if b"cICP" in chunks:
        return _of_cicp(chunks[b"cICP"])
    if b"sRGB" in chunks or not chunks:
        return None
    try:
        exponent = 1e5 / struct.unpack(">I", chunks[b"gAMA"])[0] if b"gAMA" in chunks else None
        numbers = [number / 1e5 for number in struct.unpack(">8I", chunks[b"cHRM"])] if b"cHRM" in chunks else []
    except (struct.error, ZeroDivisionError):
        return Named(problem="a gAMA or cHRM that cannot be read")
    primaries = _SRGB
    if numbers:
        primaries = ((numbers[0], numbers[1]), (numbers[2], numbers[3]), (numbers[4], numbers[5]), (numbers[6], numbers[7]))
    if exponent is not None and not _GAMMAS[0] <= exponent <= _GAMMAS[1]:
        return Named(problem=f"a gamma that is not between {_GAMMAS[0]} and {_GAMMAS[1]} in its gAMA")
    if not _is_gamut(primaries):
        return Named(problem="primaries in its cHRM that span no colours")
    if exponent is not None and _are_near(primaries, _SRGB) and abs(exponent / _GAMMA_OF_SRGB - 1) <= _GAMMA_TOLERANCE:
        exponent = None
    what = [f"the gamma {exponent:.4g}"] if exponent is not None else []
    what += ["the primaries of its cHRM"] if not _are_near(primaries, _SRGB) else []
    return Named(Space(" and ".join(what), primaries, exponent))


def _of_cicp(data: bytes) -> Named:
    if len(data) != 4:
        return Named(problem="a cICP that cannot be read", before_profile=True)
    primaries, transfer, matrix, full_range = data
    if matrix != 0 or full_range != 1 or primaries not in _PRIMARIES or transfer not in _TRANSFERS:
        return Named(problem=f"the coding {primaries}-{transfer}-{matrix}-{full_range} in its cICP, which is not converted")
    space = Space(f"the coding {primaries}-{transfer} of its cICP", _PRIMARIES[primaries], _TRANSFERS[transfer])
    return Named(space, before_profile=True)


def _are_near(one: tuple[_Point, ...], other: tuple[_Point, ...]) -> bool:
    return bool(np.abs(np.array(one) - np.array(other)).max() <= _NEAR)


def _is_gamut(primaries: tuple[_Point, _Point, _Point, _Point]) -> bool:
    """Whether a white and three primaries make a space: the white lies inside a triangle of some size."""
    if any(y <= 0 for _, y in primaries):
        return False
    white, red, green, blue = (np.array([x, y, 1 - x - y]) for x, y in primaries)
    corners = np.stack([red, green, blue], axis=1)
    if abs(np.linalg.det(corners)) < 1e-3:
        return False
    return bool((np.linalg.solve(corners, white / white[1]) > 0).all())


def _to_xyz(primaries: tuple[_Point, _Point, _Point, _Point]) -> np.ndarray:
    """The matrix from a space's light to XYZ under D65."""
    white, red, green, blue = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in primaries)
    corners = np.stack([red, green, blue], axis=1)
    matrix = corners * np.linalg.solve(corners, white)
    wanted = np.array([_D65[0] / _D65[1], 1.0, (1 - _D65[0] - _D65[1]) / _D65[1]])
    gain = (_BRADFORD @ wanted) / (_BRADFORD @ white)
    adapted: np.ndarray = np.linalg.inv(_BRADFORD) @ (gain[:, None] * _BRADFORD) @ matrix
    return adapted


def _light_of_srgb(values: np.ndarray) -> np.ndarray:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _srgb_of_light(light: np.ndarray) -> np.ndarray:
    """Values of 8 bits; what lies outside sRGB is cut off."""
    light = light.clip(0.0, 1.0)
    values = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(values * 255.0).astype(np.uint8)
