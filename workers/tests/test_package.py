"""The package: every module says what it is and what it offers."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "concord_workers"
FILES = sorted(file for file in PACKAGE.glob("*/*.py") if file.stem != "__init__")
MODULES = [".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts) for file in FILES]


@pytest.mark.parametrize("name", MODULES)
def test_public_names_are_declared(name):
    module = importlib.import_module(name)
    assert module.__doc__
    declared = list(module.__all__)
    assert declared == sorted(declared, key=lambda n: (not n.isupper(), not n[0].isupper(), n)), "constants, classes, functions"
    own = {key for key, value in vars(module).items() if not key.startswith("_") and getattr(value, "__module__", None) == name}
    assert own <= set(declared), f"undeclared: {own - set(declared)}"
    assert all(hasattr(module, key) for key in declared)
