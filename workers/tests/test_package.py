"""The package: its modules declare what they offer, its rooms import only those below them, and it can be installed."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "concord_workers"
FILES = sorted(file for file in PACKAGE.glob("*/*.py") if file.stem != "__init__")
MODULES = [".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts) for file in FILES]

ROOMS: dict[str, list[str]] = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["tool"]["concord"]["rooms"]


def rooms_imported(file: Path) -> set[str]:
    """The rooms that a file imports, in whichever way, for types alone and inside functions too."""
    package = file.relative_to(PACKAGE.parent).parent.parts
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            names |= {f"{module}.{alias.name}" for alias in node.names}
    parts = [name.split(".") for name in names]
    return {part[1] for part in parts if part[0] == PACKAGE.name and len(part) > 1 and part[1] in ROOMS}


def test_every_room_has_its_line():
    assert sorted(ROOMS) == sorted(folder.parent.name for folder in PACKAGE.glob("*/__init__.py"))


def test_rooms_have_no_circle():
    below: set[str] = set()
    while ready := {room for room, needs in ROOMS.items() if room not in below and below.issuperset(needs)}:
        below |= ready
    assert sorted(ROOMS.keys() - below) == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_those_below_it(room):
    found = {file.name: rooms_imported(file) - {room, *ROOMS[room]} for file in (PACKAGE / room).rglob("*.py")}
    assert {name: rooms for name, rooms in found.items() if rooms} == {}
    needed = set().union(*(rooms_imported(file) for file in (PACKAGE / room).rglob("*.py")))
    assert set(ROOMS[room]) <= needed, "allowed, and not imported any more"


@pytest.mark.parametrize(
    ("text", "rooms"),
    [
        ("from concord_workers.core.clock import timestamp", {"core"}),
        ("import concord_workers.models.facts as facts", {"models"}),
        ("from concord_workers import contract", {"contract"}),
        ("from ..training import run", {"training"}),
        ("from .. import images", {"images"}),
        ("from . import facts", {"models"}),
        ("def late():\n    from concord_workers.worker.run import run", {"worker"}),
        ("import core", set()),
    ],
)
def test_each_way_to_import_is_seen(monkeypatch, tmp_path, text, rooms):
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path / "concord_workers")
    file = tmp_path / "concord_workers" / "models" / "some.py"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert rooms_imported(file) == rooms


def test_it_can_be_installed_and_started_elsewhere(tmp_path):
    # The build backend is the one of the locked environment: no registry is asked.
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-build-isolation", "--no-deps", "--no-index"]
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "requirements.in", "concord_workers"):
        (source / name).symlink_to(PACKAGE.parent / name)
    subprocess.run([*install, "--target", tmp_path / "site", source], check=True, cwd=tmp_path)
    installed = tmp_path / "site" / "concord_workers"
    for name in ("py.typed", "contract/generated/bundle.json", "worker/run.py"):
        assert (installed / name).is_file()
    command = [sys.executable, "-m", "concord_workers", "--worker", "pipeline_manager", "--device", "cpu"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    status = b'{"action":"get_status","payload":{}}\n'
    ended = subprocess.run(
        command,
        input=status,
        capture_output=True,
        cwd=tmp_path,
        env=environment,
        timeout=100,
    )
    assert ended.returncode == 0
    assert b'"success":true' in ended.stdout.lower()


@pytest.mark.parametrize("name", MODULES)
def test_public_names_are_declared(name):
    module = importlib.import_module(name)
    assert module.__doc__
    declared = list(module.__all__)
    assert declared == sorted(declared, key=lambda n: (not n.isupper(), not n[0].isupper(), n)), "constants, classes, functions"
    own = {key for key, value in vars(module).items() if not key.startswith("_") and getattr(value, "__module__", None) == name}
    assert own <= set(declared), f"undeclared: {own - set(declared)}"
    assert all(hasattr(module, key) for key in declared)
