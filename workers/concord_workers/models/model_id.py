"""Ids of models that a command names by path.

The id depends on the file's place alone, so that gateway and workers compute the same one: the stem where the
file lies directly under the first root, else a readable part with a hash of the place. `contracts/src/model_id.rs` is its
twin; `fixtures/model_ids.json` holds both to one table.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from concord_workers.core.tables import matches

__all__ = ["ModelPlace", "is_id", "is_path"]

_ENDING = ".safetensors"
_SLUG_MAX = 100
_HEX_DIGITS = 12


def is_id(text: str) -> bool:
    """Whether a text is a model id by its form."""
    return matches("ModelId", text)


def is_path(reference: str) -> bool:
    """Whether a model's name is a path; else it is an id."""
    return "/" in reference or "\\" in reference or reference.endswith(_ENDING) or "\0" in reference


@dataclass(frozen=True)
class ModelPlace:
    """Where a model lies. root: number of the root, `<output-dir>/training` is the last. path: below it, as it counts."""

    root: int
    path: str

    @classmethod
    def below(cls, root: int, path: str) -> ModelPlace | None:
        """The place of a path below a root, links not followed; None where it leaves the root or nothing is left."""
        parts: list[str] = []
        for part in path.split("/"):
            if part in ("", "."):
                continue
            if part != "..":
                parts.append(part)
            elif parts:
                parts.pop()
            else:
                return None
        return cls(root, "/".join(parts)) if parts else None

    @property
    def stem(self) -> str:
        """A file's name without `.safetensors`, or the folder's name."""
        return self.path.rpartition("/")[2].removesuffix(_ENDING)

    def id(self, is_of_another: Callable[[str], bool]) -> str:
        """The id. is_of_another: whether an id already means another file."""
        if self.root == 0 and "/" not in self.path and is_id(self.stem) and not is_of_another(self.stem):
            return self.stem
        hashed = hashlib.sha256(f"{self.root}\0{self.path}".encode()).hexdigest()
        return f"{_slug(self.stem)}-{hashed[:_HEX_DIGITS]}"


def _slug(stem: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("._-")[:_SLUG_MAX] or "model"
