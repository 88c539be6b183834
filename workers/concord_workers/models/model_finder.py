"""Finds the model of an id or a path, by the contract's rules of "Ids and paths"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from concord_workers.core.errors import Conflict, ContractError, ModelNotFound, UnsupportedValue
from concord_workers.core.roots import Roots
from concord_workers.core.scalar import shorten
from concord_workers.models.model_id import ModelPlace, is_id, is_path

__all__ = ["Located", "ModelFinder"]


@dataclass(frozen=True)
class Located:
    """A model that was found: its id, and its path under a root as it was written, links not followed."""

    model_id: str
    path: Path


class ModelFinder:
    """Finds models. taken: id → path of the loaded or cached model with that id; None where there is none."""

    def __init__(self, roots: Roots, taken: Callable[[str], Path | None], configured: dict[str, str]) -> None:
        self._roots = roots
        self._taken = taken
        self._configured = configured

    def resolve(self, reference: str, field: str | None = None) -> Located:
        """The model that a job or command names, by id or path. Raises ModelNotFound, PathNotAllowed."""
        if is_path(reference):
            return self.locate(reference, field)
        if not is_id(reference):
            raise ModelNotFound(f"{shorten(reference)} is neither a path nor a model id", field=field)
        if (path := self._path_of_id(reference, field)) is not None:
            return Located(reference, path)
        raise ModelNotFound(
            f"no model {shorten(reference)}", field=field, hint="see get_model_info, or name a path under a model root"
        )

    def locate(self, path: str, field: str | None = None) -> Located:
        """The model of a field that is always a path, with the id of its place; such an id conflicts with no other."""
        found, root, below = self._roots.locate_model(path, field)
        place = ModelPlace.below(root, below)
        if place is None:
            raise ModelNotFound(f"{shorten(path)} is a model root, not a model", field=field)
        return Located(place.id(lambda stem: self._means_another(stem, found)), found)

    def name_path(self, reference: str, model_id: str | None, field: str | None = None) -> Located:
        """The model of a path or an id (`load_model` takes both), with the id of the command, if it has one.

        Raises Conflict where the written id means another path.
        """
        if not is_path(reference) and is_id(reference) and self._path_of_id(reference, field) is not None:
            located = self.resolve(reference, field)
        else:
            located = self.locate(reference, field)
        if model_id is None:
            return located
        if not is_id(model_id):
            raise UnsupportedValue(f"{shorten(model_id)} is no valid model id", field=field, hint="give another model_id")
        if self._means_another(model_id, located.path):
            raise Conflict(f"the id {shorten(model_id)} means another path", field=field, hint="give another model_id")
        return Located(model_id, located.path)

    def _means_another(self, model_id: str, path: Path) -> bool:
        """Whether an id means another file than this one: by a load, by the configuration, or by its name."""
        try:
            holder = self._path_of_id(model_id, None)
        except ContractError:
            return True  # configured for a file that is absent or outside the roots
        return holder is not None and holder.resolve() != path.resolve()

    def _path_of_id(self, model_id: str, field: str | None) -> Path | None:
        if (taken := self._taken(model_id)) is not None and taken.exists():
            return taken
        if (configured := self._configured.get(model_id)) is not None and is_path(configured):
            return self._roots.locate_model(configured, field)[0]
        return self._roots.find_model_by_id(model_id) if is_id(model_id) else None
