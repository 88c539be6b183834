"""The configured folders, checked at the start: otherwise the first job would be the first to fail at them."""

from __future__ import annotations

import errno
import logging
import os
import secrets
from pathlib import Path

from concord_workers.core.options import Options

__all__ = ["ConfigurationError", "require_folders"]

log = logging.getLogger(__name__)


class ConfigurationError(Exception):
    """The worker cannot start until somebody changes its roots or packages."""


def require_folders(options: Options) -> None:
    """Raises ConfigurationError where a root exists and is no readable folder, or the output directory cannot be written."""
    for kind, roots in (("model root", options.model_roots), ("input root", options.input_roots)):
        for root in roots:
            _require_root(Path(root), kind)
    _require_output(Path(options.output_dir))


def _require_root(root: Path, kind: str) -> None:
    if not root.exists():
        # An absent root may be mounted later; until then it is empty.
        log.warning("the %s %s does not exist", kind, root)
    elif not root.is_dir():
        raise ConfigurationError(f"the {kind} {root} is no folder")
    elif not os.access(root, os.R_OK | os.X_OK):
        raise ConfigurationError(f"the {kind} {root} cannot be read: permission denied")


def _require_output(folder: Path) -> None:
    """Makes the folder and a file in it, as each job does. A full disk is no error of the configuration: jobs report it."""
    probe = folder / f".{secrets.token_hex(8)}.probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            log.error("the output directory %s is full: jobs will be storage_full", folder)
            return
        raise ConfigurationError(f"the output directory {folder} cannot be written: {error.strerror}") from error
