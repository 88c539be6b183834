"""Which model an id or a path means: the contract's rules of "Ids and paths", in one place."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import Conflict, ModelNotFound, UnsupportedValue
from core.roots import Roots

__all__ = ["Located", "Registry", "is_path", "name_of"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True)
class Located:
    """A model that was found: its id and its real path."""

    model_id: str
    path: Path


def is_path(reference: str) -> bool:
    """Whether a model's name is a path; else it is an id."""
    return "/" in reference or "\\" in reference or reference.endswith(".safetensors") or "\0" in reference


def name_of(path: Path) -> str:
    """A file's stem or a folder's name."""
    return path.stem if path.suffix == ".safetensors" else path.name


class Registry:
    """Finds models. taken: tells the path that an id has now among what is loaded or cached; None: none."""

    def __init__(self, roots: Roots, taken: Callable[[str], Path | None], configured: dict[str, str]) -> None:
        self._roots = roots
        self._taken = taken
        self._configured = configured

    def resolve(self, reference: str, field: str | None = None) -> Located:
        """The model that a job or command names, by id or path.

        Raises ModelNotFound, PathNotAllowed, UnsupportedValue (no valid id), Conflict (its id means another path).
        """
        if is_path(reference):
            return self.name_path(reference, None, field)
        if _ID.fullmatch(reference) is None:
            raise ModelNotFound(f"{reference!r} is neither a path nor a model id", field=field)
        if (path := self._path_of_id(reference, field)) is not None:
            return Located(reference, path)
        raise ModelNotFound(
            f"no model {reference!r}", field=field, hint="see get_model_info, or name a path under a model root"
        )

    def name_path(self, reference: str, model_id: str | None, field: str | None = None) -> Located:
        """The model at a path (or of an id, as `load_model` may say), under the id it is to have."""
        if is_path(reference):
            path = self._roots.resolve_model(reference, field)
        else:
            found = self._path_of_id(reference, field)
            path = found if found is not None else self._roots.resolve_model(reference, field)
        own_id = model_id or name_of(path if not is_path(reference) else Path(reference.replace("\\", "/")))
        if _ID.fullmatch(own_id) is None:
            raise UnsupportedValue(f"{own_id!r} is no valid model id", field=field, hint="give model_id")
        holder = self._path_of_id(own_id, None)
        if holder is not None and holder != path:
            raise Conflict(f"the id {own_id!r} means {holder.name} of another path", field=field, hint="give another model_id")
        return Located(own_id, path)

    def _path_of_id(self, model_id: str, field: str | None) -> Path | None:
        if (taken := self._taken(model_id)) is not None and taken.exists():
            return taken
        if (configured := self._configured.get(model_id)) is not None and is_path(configured):
            return self._roots.resolve_model(configured, field)
        return self._roots.find_model_by_id(model_id) if _ID.fullmatch(model_id) else None
