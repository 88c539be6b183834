"""Writes pictures: format, quality, the record inside, and a name that is never taken from another file.

The record is the effective prompt submission as JSON: a PNG text chunk `prompt_submission`, JPEG comment segments (one
after another where 64 KiB do not hold it), and the EXIF image description of a WebP. It holds no time, id or path, so
the same request and seed give the same bytes.
"""

from __future__ import annotations

import errno
import hashlib
import io
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from concord_workers.core.errors import StorageFull
from concord_workers.core.ids import uuid7
from concord_workers.core.new_file import publish

__all__ = ["RECORD_KEY", "WrittenImage", "encode_picture", "read_record", "write_picture"]

RECORD_KEY = "prompt_submission"
_EXTENSIONS = {"png": "png", "jpeg": "jpg", "webp": "webp"}
_JPEG_SEGMENT_MAX = 65533
_EXIF_DESCRIPTION = 0x010E
# Hints for frequent errnos; the table's own hint covers the others.
_HINTS: dict[int | None, str] = {
    errno.ENOSPC: "free disk space",
    errno.EDQUOT: "raise the quota, or free disk space",
    errno.EFBIG: "ask for a smaller picture, or raise the limit of the size of files (ulimit -f, LimitFSIZE)",
    errno.EROFS: "mount the output directory for writing",
    errno.EACCES: "give the worker's user the right to write to the output directory",
}


@dataclass(frozen=True)
class WrittenImage:
    """A file that was written. path: absolute."""

    path: Path
    width: int
    height: int
    format: str
    bytes: int
    sha256: str


def encode_picture(picture: Image.Image, image_format: str, quality: int | None, record: str) -> bytes:
    """The file's bytes. image_format: png, jpeg or webp. quality: in percent; None: of png, which loses nothing.

    record: JSON text.
    """
    buffer = io.BytesIO()
    if image_format == "png":
        info = PngInfo()
        info.add_itxt(RECORD_KEY, record)
        # Pixels are sRGB: the profile of an input would be false.
        picture.save(buffer, "PNG", pnginfo=info, icc_profile=None)
        return buffer.getvalue()
    assert quality is not None, "the contract gives every lossy format a quality"
    if image_format == "jpeg":
        picture.save(buffer, "JPEG", quality=quality, subsampling=0 if quality >= 90 else 2)
        return _with_comments(buffer.getvalue(), record.encode("utf-8"))
    exif = Image.Exif()
    exif[_EXIF_DESCRIPTION] = record.encode("utf-8")
    picture.save(buffer, "WEBP", quality=quality, exif=exif)
    return buffer.getvalue()


def _with_comments(jpeg: bytes, record: bytes) -> bytes:
    """Comment segments after the JFIF header, which readers want to find first."""
    after = 4 + int.from_bytes(jpeg[4:6], "big") if jpeg[2:4] == b"\xff\xe0" else 2
    segments = bytearray()
    for begin in range(0, len(record), _JPEG_SEGMENT_MAX):
        piece = record[begin : begin + _JPEG_SEGMENT_MAX]
        segments += b"\xff\xfe" + (len(piece) + 2).to_bytes(2, "big") + piece
    return jpeg[:after] + bytes(segments) + jpeg[after:]


def read_record(path: Path) -> str:
    """The record of a file that `write_picture` wrote."""
    content = path.read_bytes()
    if content[:2] == b"\xff\xd8":
        return _read_comments(content).decode("utf-8")
    with Image.open(io.BytesIO(content)) as picture:
        if picture.format == "PNG":
            return str(picture.info[RECORD_KEY])
        description = picture.getexif()[_EXIF_DESCRIPTION]
    # Pillow decodes the UTF-8 as Latin-1, byte by byte.
    return str(description).encode("latin-1").decode("utf-8")


def _read_comments(jpeg: bytes) -> bytes:
    found = bytearray()
    position = 2
    while jpeg[position] == 0xFF and jpeg[position + 1] != 0xDA:
        length = int.from_bytes(jpeg[position + 2 : position + 4], "big")
        if jpeg[position + 1] == 0xFE:
            found += jpeg[position + 4 : position + 2 + length]
        position += 2 + length
    return bytes(found)


def write_picture(
    output_dir: Path,
    picture: Image.Image,
    image_format: str,
    quality: int | None,
    record: str,
    name: tuple[str | None, int, int],
) -> WrittenImage:
    """Writes one picture beside its place and gives it its name; name: request id, attempt and index.

    Nothing is overwritten: a name that is taken gets a UUID in place of the request id. Raises StorageFull.
    """
    content = encode_picture(picture, image_format, quality, record)
    request_id, attempt, index = name
    folder = output_dir / datetime.now(UTC).strftime("%Y-%m-%d")
    stem = request_id or uuid7()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f".{secrets.token_hex(8)}.part"
        try:
            beside.write_bytes(content)
            while True:
                path = folder / f"{stem}_{attempt}_{index:03d}.{_EXTENSIONS[image_format]}"
                try:
                    publish(beside, path)
                    break
                except FileExistsError:
                    stem = uuid7()
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise StorageFull(f"the output directory cannot be written: {error.strerror}", hint=_HINTS.get(error.errno)) from error
    digest = hashlib.sha256(content).hexdigest()
    return WrittenImage(path, picture.width, picture.height, image_format, len(content), digest)
