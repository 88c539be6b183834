"""`validate_model_files`: opens model files and lists their faults, without loading them.

Always: header, types, shapes against byte ranges, overlaps, holes, truncation, kind, and the weights against the
configuration. Deep: SHA-256, and values that are not finite.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from concord_workers.core.errors import ContractError, ModelNotFound
from concord_workers.core.job_context import JobContext
from concord_workers.core.model_files import files_of
from concord_workers.core.roots import Roots
from concord_workers.models.facts import component_of, describe, describe_text_encoder
from concord_workers.models.own_tokenizers import require_own_tokenizers
from concord_workers.models.safetensors_file import CONTRACT_DTYPES, check_values, file_sha256, issues_of, read_header
from concord_workers.models.single_file import detect_type
from concord_workers.models.vocabulary import require_vocabulary

__all__ = ["validate_path"]

_ISSUES_MAX = 1000


def validate_path(
    roots: Roots, path: str, field: str, deep: bool, context: JobContext, check: Callable[[], None]
) -> dict[str, Any]:
    """One row of `results`; field: pointer of the path, for warnings too. An absent file is invalid.

    Raises PathNotAllowed outside the roots.
    """
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
    files = [real] if real.is_file() else [file for _, file in files_of(real) if file.suffix == ".safetensors"]
    row["file_size_bytes"] = sum(file.stat().st_size for file in files if file.exists())  # a link may be broken
    row["format"] = _format_of(real)
    row["issues"] = _check_files(real, files, row, deep, check)
    try:
        _describe(real, row, field, context)
    except ContractError as error:
        if not row["issues"]:
            row["issues"].append(error.message)
    row["is_valid"] = not row["issues"]
    if len(row["issues"]) > _ISSUES_MAX:
        more = len(row["issues"]) - _ISSUES_MAX
        row["issues"] = [*row["issues"][:_ISSUES_MAX], f"and {more} more"]
    return row


def _describe(path: Path, row: dict[str, Any], field: str, context: JobContext) -> None:
    """Fills in the kind of the model, or an issue for an unknown one. Raises ModelInvalid where a job could not load it."""
    component = component_of(path)
    if component is not None:
        row["detected_component"] = component
    if component == "tokenizer":
        require_vocabulary(path)
        return
    facts = describe_text_encoder(path) if component == "text_encoder" else describe(path)
    if facts.model_type in ("sdxl", "sdxl_refiner"):
        require_own_tokenizers(facts)
    if facts.model_type is not None:
        row["detected_model_type"] = facts.model_type
    elif component is None:
        row["issues"].append("it is no kind of model that is known here")
    if (text := facts.unused_text) is not None:
        context.warn("weights_unused", text, field)


def _format_of(path: Path) -> str:
    if path.is_file():
        return "safetensors" if path.suffix == ".safetensors" else "unknown"
    return "diffusers_folder" if (path / "model_index.json").is_file() or (path / "config.json").is_file() else "unknown"


def _check_files(root: Path, files: list[Path], row: dict[str, Any], deep: bool, check: Callable[[], None]) -> list[str]:
    """The violations of each file; fills in the counts, dtypes, kind and hash on the way."""
    issues: list[str] = []
    dtypes: dict[str, None] = {}
    hashes: list[str] = []
    for file in files:
        check()
        prefix = "" if root.is_file() else f"{file.relative_to(root)}: "
        if file.suffix != ".safetensors":
            return []  # describing it names the reason: it is pickled, or has another suffix
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
