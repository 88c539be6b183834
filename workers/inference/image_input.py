"""Reads the images that a request refers to: paths under the input roots and `data:` URLs.

PNG, JPEG and WebP of at most 64 megapixels, checked before a pixel is decoded. EXIF orientation is applied, alpha
dropped; 16-bit grey is scaled to 8 bits.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from core.bundle import limits
from core.errors import ImageInvalid, UploadNotFound
from core.job_context import JobContext
from core.regular_file import only_regular
from core.roots import Roots

__all__ = ["BYTES_MAX", "PIXELS_MAX", "ImageRef", "check_image", "image_bytes", "load_image", "read_image_file", "sha256_of"]

PIXELS_MAX = int(limits("image_pixels_max"))
BYTES_MAX = int(limits("image_bytes_max"))
_FORMATS = ("PNG", "JPEG", "WEBP")
_DATA_URL = re.compile(r"data:image/(?:png|jpeg|jpg|webp);base64,", re.IGNORECASE)
Image.MAX_IMAGE_PIXELS = None  # our own limit is checked first, on the size that the header says


@dataclass(frozen=True)
class ImageRef:
    """An image as a request names it, with the pointer of the field."""

    reference: str
    field: str


def image_bytes(roots: Roots, image: ImageRef) -> bytes:
    """The file's bytes. Raises PathNotAllowed, ImageInvalid, UploadNotFound."""
    reference = image.reference
    if reference.startswith("upload:"):
        raise UploadNotFound("a worker by itself keeps no uploads", field=image.field, hint="send a path or a data: URL")
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


def load_image(
    content: bytes, field: str, size: tuple[int, int], context: JobContext, mode: Literal["RGB", "L"] = "RGB"
) -> Image.Image:
    """The decoded picture in the mode and size asked for; another size is resized with warning `image_resized`.

    Raises ImageInvalid.
    """
    picture = _decode(content, field).convert(mode)
    if picture.size != size:
        context.warn(
            "image_resized",
            f"the image of {picture.width}x{picture.height} was resized to {size[0]}x{size[1]}",
            field,
        )
        how = Image.Resampling.NEAREST if mode == "L" else Image.Resampling.LANCZOS
        picture = picture.resize(size, how)
    return picture


def check_image(content: bytes, field: str) -> None:
    """What the header tells is allowed. Raises ImageInvalid."""
    _open(content, field)


def _open(content: bytes, field: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's notes about odd but readable files
            picture = Image.open(io.BytesIO(content), formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise ImageInvalid("the image is neither PNG nor JPEG nor WebP", field=field) from error
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageInvalid(f"the image cannot be read: {error}", field=field) from error
    if picture.width * picture.height > PIXELS_MAX:
        raise ImageInvalid(
            f"the image has {picture.width}x{picture.height} pixels, over the limit of {PIXELS_MAX}", field=field
        )
    if getattr(picture, "n_frames", 1) != 1:
        raise ImageInvalid("the image has several frames", field=field, hint="send a still picture")
    return picture


def _decode(content: bytes, field: str) -> Image.Image:
    picture = _open(content, field)
    try:
        picture.load()
        picture = ImageOps.exif_transpose(picture)
    except (OSError, ValueError, SyntaxError, MemoryError) as error:
        raise ImageInvalid(f"the image cannot be decoded: {error}", field=field) from error
    if picture.mode.startswith("I;16") or picture.mode == "I":
        grey = np.asarray(picture).astype(np.float64)
        return Image.fromarray(np.round(grey / 257.0).clip(0, 255).astype(np.uint8), mode="L")
    if picture.mode == "P" or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    return picture.convert("L") if picture.mode in ("LA", "La") else picture
