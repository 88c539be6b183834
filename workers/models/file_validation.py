"""`validate_model_files`: opens model files and says what is wrong with them, without loading them.

Always: header, types, shapes against byte ranges, overlaps, holes, truncation, kind. Deep: SHA-256, values that are not
finite, and a folder's weights against the shapes that its configuration asks for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import ContractError, ModelNotFound
from core.roots import Roots
from models.facts import describe, detect_type
from models.safetensors_file import CONTRACT_DTYPES, check_values, file_sha256, issues_of, read_header

__all__ = ["validate_path"]

_ISSUES_MAX = 1000


def validate_path(roots: Roots, path: str, field: str, deep: bool, check: Callable[[], None]) -> dict[str, Any]:
    """One row of `results`; field: pointer of the path. Raises PathNotAllowed outside the roots; an absent file is invalid."""
    row: dict[str, Any] = {
        "model_path": path,
        "is_valid": False,
        "format": "unknown",
        "tensor_count": 0,
        "dtypes": [],
        "file_size_bytes": 0,
        "issues": [],
    }
    try:
        real = roots.locate_model(path, field)[0]
    except ModelNotFound as error:
        row["issues"] = [error.message]
        return row
    files = [real] if real.is_file() else sorted(real.rglob("*.safetensors"))
    row["file_size_bytes"] = sum(file.stat().st_size for file in files if file.exists())  # a link may lead nowhere
    row["format"] = _format_of(real)
    row["issues"] = _check_files(real, files, row, deep, check)
    try:
        facts = describe(real)
        if facts.model_type is not None:
            row["detected_model_type"] = facts.model_type
        if deep and real.is_dir():
            row["issues"] += _check_folder_shapes(real, check)
    except ContractError as error:
        if not row["issues"]:
            row["issues"].append(error.message)
    row["is_valid"] = not row["issues"]
    if len(row["issues"]) > _ISSUES_MAX:
        more = len(row["issues"]) - _ISSUES_MAX
        row["issues"] = [*row["issues"][:_ISSUES_MAX], f"and {more} more"]
    return row


def _format_of(path: Path) -> str:
    if path.is_file():
        return "safetensors" if path.suffix == ".safetensors" else "unknown"
    return "diffusers_folder" if (path / "model_index.json").is_file() or (path / "config.json").is_file() else "unknown"


def _check_files(root: Path, files: list[Path], row: dict[str, Any], deep: bool, check: Callable[[], None]) -> list[str]:
    """The faults of each file; fills in the counts, dtypes, kind and hash on the way."""
    issues: list[str] = []
    dtypes: dict[str, None] = {}
    hashes: list[str] = []
    for file in files:
        check()
        prefix = "" if root.is_file() else f"{file.relative_to(root)}: "
        if file.suffix != ".safetensors":
            return ["it is no .safetensors file; pickled weights are refused everywhere"]
        try:
            header = read_header(file)
        except ContractError as error:
            issues.append(prefix + error.message)
            continue
        finally:
            if deep and file.is_file():
                hashes.append(f"{file_sha256(file, check)}  {file.relative_to(root) if root.is_dir() else file.name}\n")
        row["tensor_count"] += len(header.tensors)
        dtypes |= dict.fromkeys(CONTRACT_DTYPES.get(t.dtype, t.dtype) for t in header.tensors.values())
        found = issues_of(header)
        if deep and not found:
            found = check_values(file, check)
        issues += [prefix + issue for issue in found]
        if root.is_file() and (kind := detect_type(header.tensors)) is not None:
            row["detected_model_type"] = kind
    row["dtypes"] = sorted(dtypes)
    if deep and hashes:
        # One file: its own hash. A folder: that of the list of its files' hashes, as sha256sum prints it.
        row["sha256"] = hashes[0].split()[0] if root.is_file() else hashlib.sha256("".join(hashes).encode()).hexdigest()
    return issues


def _check_folder_shapes(path: Path, check: Callable[[], None]) -> list[str]:
    """The weights of a folder's diffusers parts against what their configurations ask for, on the meta device."""
    import diffusers
    from accelerate import init_empty_weights

    issues: list[str] = []
    facts = describe(path)
    for part, config in facts.configs.items():
        cls = getattr(diffusers, str(config.get("_class_name")), None)
        if cls is None:
            continue
        check()
        with init_empty_weights():
            wanted = {name: tuple(t.shape) for name, t in cls.from_config(config).state_dict().items()}
        folder = path if part == "model" else path / part
        found = {
            name: tensor.shape
            for file in facts.files
            if file.parent == folder
            for name, tensor in read_header(file).tensors.items()
        }
        issues += [f"{part}: {name} is missing" for name in sorted(set(wanted) - set(found))]
        issues += [f"{part}: {name} belongs to nothing" for name in sorted(set(found) - set(wanted))]
        for name in sorted(set(found) & set(wanted)):
            if found[name] != wanted[name]:
                issues.append(f"{part}: {name} is {list(found[name])}, not {list(wanted[name])}")
    return issues
