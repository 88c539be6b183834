"""The training data: a folder of pictures with `.txt` captions, or with one `metadata.jsonl`, read and checked whole.

`a.png` has its caption in `a.txt`, or a row `{"file_name": "a.png", "text": "..."}` in `metadata.jsonl` (whose files may
lie in subfolders). Every violation is found before the first step and named, one entry a file; only names
that begin with a dot are ignored. Folders that kohya's trainers read in a way of their own (`10_name` repeats ten times,
`reg` holds class pictures) are refused: read as plain folders they would train something else.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from concord_workers.core.errors import ContractError, ImageInvalid, PathNotAllowed, ValidationFailed
from concord_workers.core.job_context import JobContext, JobWarning
from concord_workers.core.regular_file import only_regular
from concord_workers.core.scalar import shorten
from concord_workers.core.unique import load_unique
from concord_workers.core.violation import CanonicalViolation

from .pictures import read_picture

__all__ = ["POINTER", "DataSet", "Picture", "read_dataset"]

POINTER = "/training_data"
METADATA = "metadata.jsonl"
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp"})
# `10_sks cat`, as kohya's trainers read it: repeats, an underscore, a name.
REPEATS = re.compile(r"([0-9]+)_.*", re.DOTALL)
CLASS_PICTURES = "reg"
VIOLATIONS_MAX = 100
READERS = 4


@dataclass(frozen=True)
class Picture:
    """path: the file. caption: what it shows."""

    path: Path
    caption: str


@dataclass(frozen=True)
class DataSet:
    """pictures: ordered by path. fingerprint: hash of names, bytes and captions; a resume compares it.

    warnings: code and sentence of each kind of conversion of its pictures, with their count.
    """

    pictures: tuple[Picture, ...]
    fingerprint: str
    warnings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Violation:
    file: str
    code: str
    message: str


def read_dataset(root: Path, default_caption: str | None, must_hold: str | None, check: Callable[[], None]) -> DataSet:
    """Reads the folder and decodes every picture once.

    default_caption: for a picture without its own; None makes that a violation. must_hold: a token that every caption must
    hold (the placeholder of a textual inversion). check: called for each picture, may raise.
    Raises `validation_failed` with one entry of errors[] a file, at most 100, and details with the whole count.
    """
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "does not exist"
        raise _failed([_Violation(root.name, "validation_failed", f"training_data {what}: {root.name}")])
    violations: list[_Violation] = []
    captions = _captions(root, violations)
    chosen = {file: caption or default_caption for file, caption in captions.items()}
    for file, caption in chosen.items():
        if caption is None:
            violations.append(_Violation(file, "missing_field", f"{file} has no caption"))
        elif must_hold is not None and must_hold not in caption:
            violations.append(
                _Violation(file, "validation_failed", f"the caption of {file} does not hold {shorten(must_hold)}")
            )
    digests, noted = _decode_all(root, list(chosen), violations, check)
    if not captions and not violations:
        violations.append(_Violation(root.name, "validation_failed", f"training_data holds no pictures: {root.name}"))
    if violations:
        raise _failed(violations)
    fingerprint = hashlib.sha256()
    for file, caption in chosen.items():
        fingerprint.update(json.dumps([file, digests[file], caption]).encode())
    pictures = tuple(Picture(root / file, caption) for file, caption in chosen.items() if caption is not None)
    return DataSet(pictures, fingerprint.hexdigest(), _summed(noted))


def _captions(root: Path, violations: list[_Violation]) -> dict[str, str | None]:
    """Every picture of the folder by its name relative to it, with its own caption, sorted."""
    files = _files(root, violations)
    pictures = {file: None for file in files if Path(file).suffix.lower() in PICTURES}
    texts = [file for file in files if Path(file).suffix.lower() == ".txt"]
    for file in files:
        if file not in pictures and file not in texts and file != METADATA:
            violations.append(_Violation(file, "image_invalid", _not_taken(file)))
    for file in pictures:
        if (why := _kohya_folder(root, file)) is not None:
            violations.append(_Violation(file, "validation_failed", why))
    if METADATA in files:
        for file in texts:
            violations.append(
                _Violation(file, "validation_failed", f"{file} stands beside {METADATA}; keep captions in one of them")
            )
        return _from_metadata(root, pictures, violations)
    return _from_texts(root, pictures, texts, violations)


def _not_taken(file: str) -> str:
    if Path(file).suffix.lower() == ".caption":
        return f"{file}: captions are .txt files; rename it to {Path(file).stem}.txt"
    return f"{file} is neither a PNG, JPEG or WebP picture nor a .txt caption; move it out of the folder"


def _kohya_folder(root: Path, file: str) -> str | None:
    """The refusal of a picture in a folder whose name has a meaning to kohya's trainers that is missing here.

    The data set's own folder counts too: it may be the `10_name` folder itself.
    """
    for folder in (root.name, *Path(file).parts[:-1]):
        if (named := REPEATS.fullmatch(folder)) is not None:
            return (
                f"{file} lies in {shorten(folder)}, which kohya's trainers repeat {named[1]} times; there are no repeats here: "
                "rename the folder without its number"
            )
        if folder.lower() == CLASS_PICTURES:
            return (
                f"{file} lies in {shorten(folder)}, where kohya's trainers have class pictures; "
                "there is no prior preservation here: name the folder of the subject's pictures alone"
            )
    return None


def _files(root: Path, violations: list[_Violation]) -> list[str]:
    found: list[str] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if (Path(folder) / name).is_symlink():
                # os.walk would skip the folder silently.
                file = os.path.relpath(Path(folder) / name, root)
                violations.append(_Violation(file, "path_not_allowed", f"{file} is a link to another folder"))
        found += [os.path.relpath(Path(folder) / name, root) for name in names if not name.startswith(".")]
    for file in found:
        if not _is_text(file):
            shown = file.encode(errors="backslashreplace").decode()
            violations.append(_Violation(shown, "validation_failed", f"{shown}: its name is not UTF-8; rename it"))
    return sorted(filter(_is_text, found))


def _from_texts(root: Path, pictures: dict[str, None], texts: list[str], violations: list[_Violation]) -> dict[str, str | None]:
    captions: dict[str, str | None] = dict(pictures)
    by_stem: dict[str, list[str]] = {}
    for file in pictures:
        by_stem.setdefault(os.path.splitext(file)[0], []).append(file)
    for text in texts:
        owners = by_stem.get(os.path.splitext(text)[0], [])
        if not owners:
            violations.append(_Violation(text, "validation_failed", f"{text} is the caption of no picture"))
        elif len(owners) > 1:
            violations.append(_Violation(text, "validation_failed", f"{text} could be the caption of {' or '.join(owners)}"))
        for owner in owners:
            captions[owner] = _caption_file(root, text, violations)
    return captions


def _caption_file(root: Path, text: str, violations: list[_Violation]) -> str | None:
    try:
        caption = _read_text(root, text).strip()
    except ContractError as exc:
        violations.append(_Violation(text, exc.code, exc.message))
        return None
    except (OSError, UnicodeDecodeError) as exc:
        violations.append(_Violation(text, "validation_failed", f"{text} cannot be read as UTF-8: {_why(exc)}"))
        return None
    return caption or None


def _why(error: OSError | UnicodeDecodeError) -> str:
    """The reason, without the path that an error of the system repeats: the sentence names the file."""
    return str(error.strerror) if isinstance(error, OSError) else str(error)


def _inside(root: Path, file: str) -> Path:
    """The real path of a file of the folder. Raises PathNotAllowed where links lead out of it, or nowhere."""
    try:
        path = (root / file).resolve()
    except (OSError, RuntimeError) as error:  # a loop of links
        why = error.strerror if isinstance(error, OSError) else "its links lead in a circle"
        raise PathNotAllowed(f"{file} cannot be resolved: {why}") from error
    if not path.is_relative_to(root.resolve()):
        raise PathNotAllowed(f"{file} leads out of the training data")
    return path


def _read_text(root: Path, file_name: str) -> str:
    with open(_inside(root, file_name), encoding="utf-8-sig", opener=only_regular) as file:
        return file.read()


def _from_metadata(root: Path, pictures: dict[str, None], violations: list[_Violation]) -> dict[str, str | None]:
    captions: dict[str, str | None] = dict(pictures)
    seen: set[str] = set()
    try:
        lines = _read_text(root, METADATA).split("\n")
    except ContractError as exc:
        violations.append(_Violation(METADATA, exc.code, exc.message))
        return captions
    except (OSError, UnicodeDecodeError) as exc:
        violations.append(_Violation(METADATA, "validation_failed", f"{METADATA} cannot be read as UTF-8: {_why(exc)}"))
        return captions
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row = _row(line)
        if isinstance(row, str):
            violations.append(_Violation(METADATA, "validation_failed", f"{METADATA} line {number}: {row}"))
            continue
        file, caption = row
        if file in seen:
            violations.append(_Violation(file, "validation_failed", f"{METADATA} line {number}: {file} stands there twice"))
        elif file not in captions:
            violations.append(_Violation(file, "image_invalid", f"{METADATA} line {number}: {_absent(file, captions)}"))
        else:
            captions[file] = caption
        seen.add(file)
    return captions


def _is_text(text: str) -> bool:
    """Whether it can be written as UTF-8: it has no lone surrogate of JSON, and no undecodable byte of a file's name."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _absent(file: str, captions: dict[str, str | None]) -> str:
    """The violation for an absent picture. macOS writes é as two characters; the message shows such a difference."""
    alike = next((other for other in captions if _composed(other) == _composed(file)), None)
    if alike is None:
        return f"there is no picture {file}"
    return f"there is no picture {file}; a file of that look has its accents in another Unicode form (NFC, NFD): rename it"


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _row(line: str) -> tuple[str, str | None] | str:
    """File name and caption of a row, or the sentence about its fault."""
    try:
        row = load_unique(line)
    except (ValueError, RecursionError) as exc:
        return f"no JSON: {exc}"
    if not isinstance(row, dict):
        return "no JSON object"
    file, caption = row.get("file_name"), row.get("text")
    unknown = sorted(set(row) - {"file_name", "text"})
    if unknown:
        return f"unknown column {shorten(unknown[0])}; the columns are file_name and text"
    if not isinstance(file, str) or not file:
        return "no file_name"
    if caption is not None and not isinstance(caption, str):
        return "text is no string"
    if not _is_text(file) or not _is_text(caption or ""):
        return "it holds half of a character (a lone surrogate)"
    return os.path.normpath(file), (caption or "").strip() or None


def _decode_all(
    root: Path, files: list[str], violations: list[_Violation], check: Callable[[], None]
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Decodes every picture: only that finds a truncated file.

    Returns sha256 of each file's bytes, and file and code of each warning about colours.
    """
    digests: dict[str, str] = {}
    noted: list[tuple[str, str]] = []

    def decode(file: str) -> tuple[str, str, list[JobWarning]] | _Violation:
        try:
            path = _inside(root, file)
            context = JobContext()
            read_picture(path, POINTER, context)
            return file, hashlib.sha256(path.read_bytes()).hexdigest(), context.warnings
        except PathNotAllowed as exc:
            return _Violation(file, exc.code, exc.message)
        except (ImageInvalid, OSError) as exc:
            return _Violation(file, "image_invalid", f"{file}: {exc}")

    with ThreadPoolExecutor(READERS, thread_name_prefix="training-data") as readers:
        for result in readers.map(decode, files):
            check()
            if isinstance(result, _Violation):
                violations.append(result)
            else:
                digests[result[0]] = result[1]
                noted += [(result[0], warning_rows.code) for warning_rows in result[2]]
    return digests, noted


def _summed(noted: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """One warning for each code, with the number of its pictures."""
    found = []
    for code, what in (
        ("colour_converted", "were converted to sRGB from the colour profiles in them"),
        ("colour_profile_ignored", "have a colour profile that cannot be used, and were taken as sRGB"),
    ):
        files = [file for file, of in noted if of == code]
        if files:
            more = ", …" if len(files) > 3 else ""
            found.append((code, f"{len(files)} pictures {what}: {', '.join(files[:3])}{more}"))
    return tuple(found)


def _failed(violations: list[_Violation]) -> ContractError:
    """One entry a file: further violations of a file are joined to its first."""
    by_file: dict[str, list[_Violation]] = {}
    for violation in violations:
        by_file.setdefault(violation.file, []).append(violation)
    entries: list[CanonicalViolation] = [
        {"pointer": POINTER, "code": of_file[0].code, "message": "; ".join(violation.message for violation in of_file)}
        for _, of_file in sorted(by_file.items())
    ]
    total = len(entries)
    more = f", {total - VIOLATIONS_MAX} of them not listed" if total > VIOLATIONS_MAX else ""
    details: dict[str, Any] = {"faults": total, "faults_listed": min(total, VIOLATIONS_MAX)}
    message = entries[0]["message"] if total == 1 else f"the training data has {total} faults{more}"
    return ValidationFailed(message, field=POINTER, details=details, errors=entries[:VIOLATIONS_MAX])
