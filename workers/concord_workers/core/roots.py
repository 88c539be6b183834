"""Which paths may be read: the allowed roots, and how a relative path finds its file.

Every path from a request passes here. The real path, symbolic links followed, must lie under a root of its kind:
models under the model roots and `<output-dir>/training`, images and data sets under the input roots and the output
directory.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from concord_workers.core.bundle import limits
from concord_workers.core.errors import ImageInvalid, ModelNotFound, PathNotAllowed
from concord_workers.core.model_files import files_of
from concord_workers.core.scalar import shorten

__all__ = ["Roots"]

_BYTES_MAX = int(limits("path_bytes_max"))


class Roots:
    """The allowed roots of one worker. An absent root counts as empty."""

    def __init__(self, model_roots: Sequence[Path | str], input_roots: Sequence[Path | str], output_dir: Path | str) -> None:
        self.output_dir = Path(output_dir).resolve()
        self.model_roots = [Path(root).resolve() for root in model_roots]
        # A path may name a root by the link that was configured.
        self._written_roots = [Path(os.path.abspath(root)) for root in model_roots] + [
            Path(os.path.abspath(output_dir)) / "training"
        ]
        self.input_roots = [Path(root).resolve() for root in input_roots]

    def resolve_model(self, path: str, field: str | None = None) -> Path:
        """The real path of a model's file or folder.

        Raises PathNotAllowed outside the model roots, ModelNotFound where nothing is there.
        """
        return self.locate_model(path, field)[0].resolve()

    def locate_model(self, path: str, field: str | None = None) -> tuple[Path, int, str]:
        """A model's path as it was written, the number of its root, and the path below that root.

        Links are followed for confinement alone: name and suffix are those of the link. Raises as `resolve_model` does.
        """
        roots = [*self.model_roots, self.output_dir / "training"]
        real = _resolve(path, roots, field, "models")
        if real is None:
            raise ModelNotFound(f"no model at {shorten(path)}", field=field, hint="see the allowed model roots")
        number, below = self._place(path, real, roots)
        found = roots[number] / below
        if (link := _link_out(found, roots)) is not None:
            raise PathNotAllowed(f"{link.name} in {shorten(path)} is a link out of the allowed roots for models", field=field)
        return found, number, below

    def _place(self, path: str, real: Path, roots: list[Path]) -> tuple[int, str]:
        """The number of the root that a model lies under, and its path below it as it was written."""
        for number, root in enumerate(roots):
            below = _below(path, (root, self._written_roots[number]))
            if below is not None and (root / below).resolve() == real:
                return number, below
        # Named through a link outside the roots, or by `..` behind a link: the file's own place counts.
        number = next(number for number, root in enumerate(roots) if real.is_relative_to(root))
        return number, str(real.relative_to(roots[number]))

    def resolve_input(self, path: str, field: str | None = None) -> Path:
        """The real path of an image or a data set. Raises PathNotAllowed, or ImageInvalid where nothing is there."""
        found = _resolve(path, [*self.input_roots, self.output_dir], field, "images and data sets")
        if found is None:
            raise ImageInvalid(f"no file at {shorten(path)}", field=field, hint="see the allowed input roots")
        return found

    def find_model_by_id(self, model_id: str) -> Path | None:
        """`<id>.safetensors` or the folder `<id>` directly under a model root, the first root that has it."""
        for root in self.model_roots:
            for candidate in (root / f"{model_id}.safetensors", root / model_id):
                if candidate.exists() and (candidate.is_dir() or candidate.suffix == ".safetensors"):
                    return self.locate_model(str(candidate))[0]
        return None


def _link_out(model: Path, roots: list[Path]) -> Path | None:
    """The first link among a model's files to a file outside the roots; None where there is none."""
    for _, entry in files_of(model):
        if entry.is_symlink() and entry.exists() and not any(entry.resolve().is_relative_to(root) for root in roots):
            return entry
    return None


def _below(path: str, forms: tuple[Path, ...]) -> str | None:
    """A path below a root without `.`, `..` and doubled slashes, links not followed; None where it is not below."""
    written = os.path.normpath(path)
    if not os.path.isabs(path):
        return None if written == ".." or written.startswith("../") else written
    for form in forms:
        if Path(written).is_relative_to(form):
            return str(Path(written).relative_to(form))
    return None


def _resolve(path: str, roots: list[Path], field: str | None, kind: str) -> Path | None:
    """The real path under the first root that has it; None where it is allowed but absent."""
    if "\0" in path:
        raise PathNotAllowed("a path holds a NUL character", field=field)
    length = len(path.encode("utf-8", "surrogatepass"))
    if length > _BYTES_MAX:
        message = f"the path {shorten(path)} cannot be resolved: it has {length} bytes, over the limit of {_BYTES_MAX}"
        raise PathNotAllowed(message, field=field)
    try:
        asked = Path(path)
        candidates = [asked] if asked.is_absolute() else [root / asked for root in roots]
        outside = False
        for candidate in candidates:
            real = candidate.resolve()
            if not any(real.is_relative_to(root) for root in roots):
                outside = True
            elif real.exists():
                return real
    except (OSError, RuntimeError) as error:  # a name that is too long, or a loop of links
        # Not the error's own text: it repeats the path, however long it is.
        why = error.strerror if isinstance(error, OSError) else "its links lead in a circle"
        raise PathNotAllowed(f"the path {shorten(path)} cannot be resolved: {why}", field=field) from error
    if outside:
        raise PathNotAllowed(
            f"{shorten(path)} is outside the allowed roots for {kind}", field=field, hint="use a path under a root"
        )
    return None
