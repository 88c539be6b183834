"""Reads the images that a request refers to: paths under the input roots and `data:` URLs.

PNG, JPEG and WebP of at most 64 megapixels, checked before a pixel is decoded. EXIF orientation is applied, a colour
profile other than sRGB is converted, alpha dropped; 16-bit grey is scaled to 8 bits. The pictures have neither the profile
nor the EXIF of their files. Of a JPEG with several pictures (MPF) the first is used, as cameras put previews behind it; a
panorama, a stereo pair or a set of angles has no main picture and is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from concord_workers.core.bundle import limits
from concord_workers.core.errors import ImageInvalid, UploadNotFound
from concord_workers.core.image_ref import refuse_bare_base64
from concord_workers.core.job_context import JobContext
from concord_workers.core.regular_file import only_regular
from concord_workers.core.roots import Roots
from concord_workers.core.scalar import shorten
from concord_workers.images.colour import to_srgb
from concord_workers.images.colour_space import named_space
from concord_workers.images.png_chunks import readable_png

__all__ = [
    "BYTES_MAX",
    "PIXELS_MAX",
    "SIDE_MAX",
    "ImageRef",
    "check_image",
    "check_mask",
    "image_bytes",
    "load_image",
    "load_mask",
    "predict_image_warnings",
    "predict_mask_warnings",
    "read_image_file",
    "read_picture",
    "sha256_of",
]

log = logging.getLogger(__name__)

PIXELS_MAX = int(limits("image_pixels_max"))
SIDE_MAX = int(limits("image_side_max"))
BYTES_MAX = int(limits("image_bytes_max"))
_FORMATS = ("PNG", "JPEG", "WEBP")
# Types in the MPF index of JPEGs whose pictures are equals, so that none of them is the main one.
_EQUAL_PICTURES = {
    "Multi-Frame Image (Panorama)": "a panorama",
    "Multi-Frame Image: (Disparity)": "a stereo pair",
    "Multi-Frame Image: (Multi-Angle)": "a set of angles",
}
_MPF_ENTRIES = 0xB002
# EXIF orientation → the transposition that makes the picture upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = (5, 6, 7, 8)
_CHECKED_PIXELS_MAX = int(limits("image_checked_pixels_max"))
_DATA_URL = re.compile(r"data:image/(?:png|jpeg|jpg|webp);base64,", re.IGNORECASE)
# A second line of defence: Pillow refuses twice as many pixels in every call of this process.
Image.MAX_IMAGE_PIXELS = PIXELS_MAX


@dataclass(frozen=True)
class ImageRef:
    """An image as a request names it, with the pointer of the field."""

    reference: str
    field: str


def image_bytes(roots: Roots, image: ImageRef) -> bytes:
    """The file's bytes. Raises PathNotAllowed, ImageInvalid, UploadNotFound."""
    reference = image.reference
    if reference.startswith("upload:"):
        # A gateway passes on the references of a check as they are, where it has no such upload.
        known = f"no upload {shorten(reference.removeprefix('upload:'))} is known here"
        raise UploadNotFound(
            f"{known}: a gateway keeps uploads, for a time",
            field=image.field,
            hint="upload it again, or send a path or a data: URL",
        )
    if reference[:5].lower() == "data:":
        match = _DATA_URL.match(reference)
        if match is None:
            raise ImageInvalid("a data: URL must be data:image/png, jpeg or webp in base64", field=image.field)
        try:
            return base64.b64decode(reference[match.end() :], validate=True)
        except binascii.Error as error:
            raise ImageInvalid(f"the data: URL is no base64: {error}", field=image.field) from error
    if "://" in reference:
        raise ImageInvalid("a worker fetches no URLs", field=image.field, hint="send a path or a data: URL")
    refuse_bare_base64(reference, image.field)
    return read_image_file(roots.resolve_input(reference, image.field), image.field)


def read_image_file(path: Path, field: str) -> bytes:
    """The bytes of a regular file of at most BYTES_MAX. Raises ImageInvalid."""
    try:
        with open(path, "rb", opener=only_regular) as file:
            size = os.fstat(file.fileno()).st_size
            if size > BYTES_MAX:
                raise ImageInvalid(f"{path.name} has {size} bytes, over the limit of {BYTES_MAX}", field=field)
            return file.read()
    except OSError as error:
        raise ImageInvalid(f"{path.name} cannot be read: {error.strerror}", field=field) from error


def sha256_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def load_image(content: bytes, field: str, size: tuple[int, int], context: JobContext) -> Image.Image:
    """The picture, RGB in sRGB, in the job's size; warns where it was converted or resized. Raises ImageInvalid."""
    picture = read_picture(content, field, context)
    return _resized(picture, size, field, context, Image.Resampling.LANCZOS)


def load_mask(content: bytes, field: str, size: tuple[int, int], context: JobContext, channel: str) -> Image.Image:
    """The mask, L, in the job's size; white is repainted. channel: as `mask_channel` names it. Raises ImageInvalid.

    A mask's values are no colours: its profile is never applied.
    """
    mask = _mask_channel(_decode(content, field), channel, field)
    return _resized(mask, size, field, context, Image.Resampling.NEAREST)


def read_picture(content: bytes, field: str, context: JobContext) -> Image.Image:
    """The picture in its own size, RGB in sRGB; warns where it was converted. Raises ImageInvalid."""
    picture = _decode(content, field)
    converted, warning = to_srgb(picture, named_space(content))
    if warning is not None:
        context.warn(*warning, field)
    # Pillow would copy a profile or EXIF block into files made of the picture.
    converted.info = {}
    return converted


def _resized(
    picture: Image.Image, size: tuple[int, int], field: str, context: JobContext, how: Image.Resampling
) -> Image.Image:
    _warn_of_size(picture.size, size, field, context)
    return picture if picture.size == size else picture.resize(size, how)


def _warn_of_size(own: tuple[int, int], size: tuple[int, int], field: str, context: JobContext) -> None:
    if own != size:
        context.warn("image_resized", f"the image of {own[0]}x{own[1]} was resized to {size[0]}x{size[1]}", field)


def _mask_channel(picture: Image.Image, channel: str, field: str) -> Image.Image:
    has_alpha = picture.mode in ("RGBA", "LA", "RGBa", "La")
    if channel == "luminance":
        if has_alpha and _has_its_shape_in_alpha(picture.convert("RGBA")):
            raise ImageInvalid(
                "the mask has one colour, and its shape in the alpha channel",
                field=field,
                hint="set mask_channel to alpha or alpha_inverted",
            )
        return picture.convert("RGB").convert("L") if picture.mode != "L" else picture
    if not has_alpha:
        raise ImageInvalid(
            f"the mask has no alpha channel, which mask_channel {channel} reads",
            field=field,
            hint="send a mask with one, or leave mask_channel out",
        )
    alpha = picture.convert("RGBA").getchannel("A")
    return ImageOps.invert(alpha) if channel == "alpha_inverted" else alpha


def _has_its_shape_in_alpha(picture: Image.Image) -> bool:
    *colours, (least, most) = [picture.getchannel(band).getextrema() for band in "RGBA"]
    return least != most and all(low == high for low, high in colours)


def check_image(content: bytes, field: str) -> None:
    """Reads the picture; over 16 megapixels its header alone. Raises ImageInvalid."""
    picture = _open(content, field)
    if picture.width * picture.height <= _CHECKED_PIXELS_MAX:
        _decode(content, field)


def check_mask(content: bytes, field: str, channel: str) -> None:
    """Reads the mask's pixels, which show whether it has its channel. Raises ImageInvalid."""
    _mask_channel(_decode(content, field), channel, field)


@dataclass(frozen=True)
class _Outline:
    """The figures that warnings of a picture depend on: its upright size, and its colours by mode and profile."""

    size: tuple[int, int]
    mode: str
    info: dict[Any, Any]


def predict_image_warnings(content: bytes, field: str, size: tuple[int, int], context: JobContext) -> None:
    """Warns as `load_image` will. Raises ImageInvalid."""
    outline = _outline(content, field)
    dot = Image.new(outline.mode, (1, 1))
    dot.info = dict(outline.info)
    _, warning = to_srgb(dot, named_space(content))
    if warning is not None:
        context.warn(*warning, field)
    _warn_of_size(outline.size, size, field, context)


def predict_mask_warnings(content: bytes, field: str, size: tuple[int, int], context: JobContext) -> None:
    """Warns as `load_mask` will. Raises ImageInvalid."""
    _warn_of_size(_outline(content, field).size, size, field, context)


def _outline(content: bytes, field: str) -> _Outline:
    """Decodes a picture that a query may decode; of a larger one reads the header."""
    picture = _open(content, field)
    if picture.width * picture.height <= _CHECKED_PIXELS_MAX:
        picture = _decode(content, field)
        return _Outline(picture.size, picture.mode, picture.info)
    mode = "RGBA" if picture.mode in ("P", "PA") or "transparency" in picture.info else picture.mode
    grey = mode.startswith("I")
    return _Outline(_upright_size(picture), "L" if grey else mode, picture.info)


def _upright_size(picture: Image.Image) -> tuple[int, int]:
    """The size that a picture has when it is turned as its EXIF says, by its header alone."""
    exif = Image.Exif()
    try:
        # Pillow's own method would decode a whole PNG.
        exif.load(picture.info.get("exif") or b"")
        orientation = exif.get(ExifTags.Base.Orientation, 1)
    except Exception as error:
        log.info("the EXIF block of a picture cannot be read: %r", error)
        orientation = 1
    return (picture.height, picture.width) if orientation in _SIDEWAYS else picture.size


def _open(content: bytes, field: str) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(readable_png(content)), formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise ImageInvalid("the image is neither PNG nor JPEG nor WebP", field=field) from error
    except Image.DecompressionBombError as error:
        raise ImageInvalid(f"the image has over {PIXELS_MAX} pixels: {error}", field=field) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageInvalid(f"the image cannot be read: {error}", field=field) from error
    if picture.width * picture.height > PIXELS_MAX:
        raise ImageInvalid(
            f"the image has {picture.width}x{picture.height} pixels, over the limit of {PIXELS_MAX}", field=field
        )
    if max(picture.size) > SIDE_MAX:
        raise ImageInvalid(
            f"the image of {picture.width}x{picture.height} has a side over the limit of {SIDE_MAX}", field=field
        )
    if picture.format == "MPO":
        _require_main_picture(picture, field)
    elif getattr(picture, "n_frames", 1) != 1:
        raise ImageInvalid("the image has several frames", field=field, hint="send a still picture")
    return picture


def _require_main_picture(picture: Any, field: str) -> None:
    """Raises ImageInvalid where the first of a JPEG's pictures is one among equals."""
    for entry in picture.mpinfo.get(_MPF_ENTRIES, ()):
        what = _EQUAL_PICTURES.get(entry["Attribute"]["MPType"])
        if what is not None:
            raise ImageInvalid(f"the JPEG holds {what}", field=field, hint="send one of its pictures alone")


def _upright(picture: Image.Image) -> Image.Image:
    """The picture turned by its EXIF orientation; not turned where EXIF cannot be read.

    Pillow's own function writes the whole block anew, which fails for many blocks of cameras and editors.
    """
    try:
        turn = _TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception as error:
        log.info("the EXIF block of a picture cannot be read: %r", error)
        return picture
    if turn is None:
        return picture
    turned = picture.transpose(turn)
    turned.info = picture.info
    return turned


def _decode(content: bytes, field: str) -> Image.Image:
    """The picture upright, in 8 bits a channel, its alpha kept: mode 1, L, LA, RGB, RGBA, CMYK or another of Pillow's."""
    picture = _open(content, field)
    profile_is_there = "icc_profile" in picture.info
    try:
        picture.load()
        profile_is_there |= "icc_profile" in picture.info  # PNG may have it behind the first pixels
        profile = picture.info.get("icc_profile")
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError) as error:
        raise ImageInvalid(f"the image cannot be decoded: {error}", field=field) from error
    picture = _upright(picture)
    if picture.mode.startswith("I;16") or picture.mode == "I":
        grey = np.asarray(picture).astype(np.float64)
        picture = Image.fromarray(np.round(grey / 257.0).clip(0, 255).astype(np.uint8), mode="L")
    elif picture.mode in ("P", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    picture.info = {"icc_profile": profile} if profile_is_there else {}
    return picture
