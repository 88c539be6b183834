"""Converts input images to sRGB by their colour profiles, or by the colour spaces that they name without one."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageCms

from concord_workers.images.colour_space import Named

__all__ = ["to_srgb"]

# Colour space in a profile's header → the mode of the pictures that it is for.
_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
# A profile further from sRGB than this, in 255ths, is converted. Profiles named sRGB differ among themselves by 1.
_TOLERANCE = 1
_SAMPLES = 9


def to_srgb(picture: Image.Image, named: Named | None = None) -> tuple[Image.Image, tuple[str, str] | None]:
    """The picture in RGB, converted by the profile in its info or the space that it names, and code and message of a warning.

    A profile or space that cannot be read, or is for pictures of another kind, is ignored with a warning.
    """
    if named is not None and ("icc_profile" not in picture.info or named.before_profile):
        return _by_name(picture, named)
    if "icc_profile" not in picture.info:
        return _plain(picture), None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"] or b""))
        mode = _MODES.get(profile.profile.xcolor_space.strip())
    except (OSError, ImageCms.PyCMSError, TypeError, ValueError) as error:
        return _plain(picture), ("colour_profile_ignored", f"the image's colour profile cannot be read: {error}")
    bare = _in_mode(picture, mode)
    if mode is None or bare is None:
        what = f"a colour profile for {profile.profile.xcolor_space.strip()}, and the picture is {picture.mode}"
        return _plain(picture), ("colour_profile_ignored", f"the image has {what}")
    try:
        if mode == "RGB" and _is_srgb(profile):
            return _plain(picture), None
        converted = _convert(bare, profile, mode)
    except (OSError, ImageCms.PyCMSError, ValueError) as error:
        return _plain(picture), ("colour_profile_ignored", f"the image's colour profile cannot be applied: {error}")
    name = (profile.profile.profile_description or "one without a name").strip()[:80]
    return converted, ("colour_converted", f"the image was converted to sRGB from its colour profile, {name}")


def _by_name(picture: Image.Image, named: Named) -> tuple[Image.Image, tuple[str, str] | None]:
    if named.space is None:
        return _plain(picture), ("colour_profile_ignored", f"the image has {named.problem}")
    bare = _in_mode(picture, "L") or _in_mode(picture, "RGB")
    if bare is None:
        what = f"a colour space of red, green and blue, and the picture is {picture.mode}"
        return _plain(picture), ("colour_profile_ignored", f"the image has {what}")
    if named.space.is_srgb or (bare.mode == "L" and named.space.exponent is None):
        return _plain(picture), None
    return named.space.to_srgb(bare), ("colour_converted", f"the image was converted to sRGB from {named.space.name}")


def _plain(picture: Image.Image) -> Image.Image:
    """RGB without the profile; alpha is dropped, not blended."""
    return picture if picture.mode == "RGB" else picture.convert("L" if picture.mode in ("LA", "La") else "RGB").convert("RGB")


def _in_mode(picture: Image.Image, mode: str | None) -> Image.Image | None:
    """The picture's own numbers in the mode that its profile is for; None where they are of another kind."""
    if mode == "RGB" and picture.mode in ("RGB", "RGBA", "RGBa", "RGBX"):
        return picture.convert("RGB")
    if mode == "L" and picture.mode in ("L", "LA", "La", "1"):
        return picture.convert("L")
    if mode == "CMYK" and picture.mode == "CMYK":
        return picture
    return None


def _convert(picture: Image.Image, profile: ImageCms.ImageCmsProfile, mode: str) -> Image.Image:
    transform = ImageCms.buildTransform(
        profile, _srgb(), mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
    )
    converted = ImageCms.applyTransform(picture, transform)
    assert converted is not None  # it is None only for a change in place
    return converted


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """Whether a profile is sRGB, by its effect on colours all over the cube. Its name proves nothing."""
    steps = [round(index * 255 / (_SAMPLES - 1)) for index in range(_SAMPLES)]
    cube = Image.new("RGB", (_SAMPLES**2, _SAMPLES))
    cube.putdata([(r, g, b) for r in steps for g in steps for b in steps])
    before, after = cube.tobytes(), _convert(cube, profile, "RGB").tobytes()
    return max(abs(a - b) for a, b in zip(before, after, strict=True)) <= _TOLERANCE


def _srgb() -> Any:
    # A new one each time: pictures of a data set are read in several threads, and it costs microseconds.
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
