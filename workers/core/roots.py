"""Which paths may be read: the allowed roots, and how a relative path finds its file.

Every path from a request passes here. The real path, symbolic links followed, must lie under a root of its kind:
models under the model roots and `<output-dir>/training`, images and data sets under the input roots and the output
directory.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.errors import ImageInvalid, ModelNotFound, PathNotAllowed

__all__ = ["Roots"]


class Roots:
    """The allowed roots of one worker. They need not exist; what does not exist holds nothing."""

    def __init__(self, model_roots: Sequence[Path | str], input_roots: Sequence[Path | str], output_dir: Path | str) -> None:
        self.output_dir = Path(output_dir).resolve()
        self.model_roots = [Path(root).resolve() for root in model_roots]
        self.input_roots = [Path(root).resolve() for root in input_roots]

    def resolve_model(self, path: str, field: str | None = None) -> Path:
        """The real path of a model's file or folder.

        Raises PathNotAllowed outside the model roots, ModelNotFound where nothing is there.
        """
        found = _resolve(path, [*self.model_roots, self.output_dir / "training"], field, "models")
        if found is None:
            raise ModelNotFound(f"no model at {path!r}", field=field, hint="see the allowed model roots")
        return found

    def resolve_input(self, path: str, field: str | None = None) -> Path:
        """The real path of an image or a data set. Raises PathNotAllowed, or ImageInvalid where nothing is there."""
        found = _resolve(path, [*self.input_roots, self.output_dir], field, "images and data sets")
        if found is None:
            raise ImageInvalid(f"no file at {path!r}", field=field, hint="see the allowed input roots")
        return found

    def find_model_by_id(self, model_id: str) -> Path | None:
        """`<id>.safetensors` or the folder `<id>` directly under a model root, the first root that has it."""
        for root in self.model_roots:
            for candidate in (root / f"{model_id}.safetensors", root / model_id):
                if candidate.exists() and (candidate.is_dir() or candidate.suffix == ".safetensors"):
                    return self.resolve_model(str(candidate))
        return None


def _resolve(path: str, roots: list[Path], field: str | None, kind: str) -> Path | None:
    """The real path under the first root that has it; None where it is allowed but absent."""
    if "\0" in path:
        raise PathNotAllowed("a path holds a NUL character", field=field)
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
    except (OSError, RuntimeError) as error:  # too long a name, a loop of links
        raise PathNotAllowed(f"the path {path!r} cannot be resolved: {error}", field=field) from error
    if outside:
        raise PathNotAllowed(f"{path!r} is outside the allowed roots for {kind}", field=field, hint="use a path under a root")
    return None
