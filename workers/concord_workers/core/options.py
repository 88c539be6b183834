"""Flags, environment and configuration file of one worker, read into one `Options`.

Precedence: flag, environment, configuration file, default. An unknown flag or key stops the start.
"""

from __future__ import annotations

import argparse
import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from concord_workers.core.bundle import bundle, limits
from concord_workers.core.scalar import named
from concord_workers.core.unique import load_unique

__all__ = ["Options", "OptionsError", "read_options"]

_LEVELS = ("debug", "info", "warning", "error")
_LISTS = ("model_roots", "input_roots")
_MAPS = ("control_nets", "upscalers")
_NUMBERS = ("vram_budget_bytes", "ram_budget_bytes", "preview_every", "upscale_tile", "training_queue_max", "threads")
_TEXTS = ("output_dir", "safety_checker", "device", "log_level", "log_file", "training_dtype", "schema", "on_eof")
_FLAGS = ("deterministic", "training_fixed_noise")


class OptionsError(Exception):
    """The options contradict the contract or themselves; the worker does not start."""


@dataclass
class Options:
    """The options of one worker. engine: the engine's own settings, by their names there."""

    model_roots: list[str] = field(default_factory=lambda: ["models"])
    input_roots: list[str] = field(default_factory=lambda: ["inputs"])
    output_dir: str = "outputs"
    device: str | None = None
    log_level: str = "info"
    log_file: str | None = None
    on_eof: str = "stop"
    frame_bytes_max: int = 0
    deterministic: bool = False
    engine: dict[str, Any] = field(default_factory=dict)


def read_options(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> Options:
    """Reads flags, environment and file. Raises OptionsError; `--help` and unknown flags end in SystemExit."""
    flags = _parser().parse_args(arguments)
    config = _read_config(flags.config) if flags.config else {}
    schema = flags.schema or config.get("schema")
    if schema:
        _check_schema(Path(schema))
    given = {name: value for name, value in vars(flags).items() if value is not None}
    options = Options(frame_bytes_max=given.get("frame_bytes_max", int(limits("frame_bytes_max"))))
    for name, variable in (("model_roots", "CONCORD_MODEL_ROOTS"), ("input_roots", "CONCORD_INPUT_ROOTS")):
        of_environment = environment[variable].split(os.pathsep) if variable in environment else None
        setattr(options, name, given.get(name) or of_environment or config.get(name, getattr(options, name)))
    of_environment = environment.get("CONCORD_OUTPUT_DIR", config.get("output_dir", options.output_dir))
    options.output_dir = given.get("output_dir", of_environment)
    _require_folders_named(options)
    for name in ("device", "log_level", "log_file", "on_eof", "deterministic"):
        setattr(options, name, given.get(name, config.get(name, getattr(options, name))))
    if options.log_level not in _LEVELS or options.on_eof not in ("stop", "finish"):
        raise OptionsError(f"log_level is one of {', '.join(_LEVELS)}; on_eof is stop or finish")
    for name in (*_MAPS, *_NUMBERS, "safety_checker", "training_dtype", "training_fixed_noise"):
        if name in config:
            options.engine[name] = config[name]
    if "threads" in given:
        options.engine["threads"] = given["threads"]
    return options


def _require_folders_named(options: Options) -> None:
    """Raises OptionsError for an empty name: it would mean the working directory, which nobody has named."""
    for what, names in (
        ("--model-root, CONCORD_MODEL_ROOTS or model_roots", options.model_roots),
        ("--input-root, CONCORD_INPUT_ROOTS or input_roots", options.input_roots),
        ("--output-dir, CONCORD_OUTPUT_DIR or output_dir", [options.output_dir]),
    ):
        if "" in names:
            raise OptionsError(f"{what} names a folder by an empty text; leave it out for the default")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py",
        description="A Concord worker: commands on stdin, replies and events on stdout, everything else on stderr.",
        allow_abbrev=False,
    )
    parser.add_argument("--worker", choices=["pipeline_manager"], default="pipeline_manager", help="what to run")
    parser.add_argument("--log-level", type=str.lower, choices=_LEVELS, help="level of stderr and of the log file (info)")
    parser.add_argument("--log-file", metavar="FILE", help="write the log to this file too")
    parser.add_argument("--config", metavar="FILE", help="a .json or .toml file; see README.md for its keys")
    parser.add_argument("--schema", metavar="FILE", help="the caller's schema; must equal the built-in one")
    parser.add_argument("--model-root", dest="model_roots", action="append", metavar="DIR", help="of models; repeatable")
    parser.add_argument(
        "--input-root", dest="input_roots", action="append", metavar="DIR", help="of images and data sets; repeatable"
    )
    parser.add_argument("--output-dir", metavar="DIR", help="folder for pictures and trainings")
    parser.add_argument("--device", help="auto, cpu, gpu_N or cuda:N (CUDA_VISIBLE_DEVICES, GPU_ID)")
    parser.add_argument("--on-eof", choices=["stop", "finish"], help="at the end of stdin: stop within 4 s, or finish all work")
    parser.add_argument("--deterministic", action="store_true", default=None, help="only deterministic kernels")
    parser.add_argument("--frame-bytes-max", type=_positive, metavar="BYTES", help="longest frame that is accepted")
    parser.add_argument("--threads", type=_positive, help="processor threads of torch (default: torch decides)")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _read_config(name: str) -> dict[str, Any]:
    path = Path(name)
    try:
        text = path.read_text(encoding="utf-8")
        config = tomllib.loads(text) if path.suffix == ".toml" else load_unique(text)
    except (OSError, ValueError, RecursionError) as error:
        raise OptionsError(f"--config {name} cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise OptionsError(f"--config {name} holds no object")
    kinds = {name: kind for names, kind in _KINDS for name in names}
    for key, value in config.items():
        if key not in kinds:
            raise OptionsError(f"--config {name}: unknown key {named(key)}; known are {', '.join(sorted(kinds))}")
        if not _is_kind(value, kinds[key]):
            raise OptionsError(f"--config {name}: {key} is {kinds[key]}, not {json.dumps(value, default=str)}")
    return config


_KINDS = (
    (_LISTS, "a list of strings"),
    (_MAPS, "a map of strings"),
    (_NUMBERS, "a positive integer"),
    (_TEXTS, "a string"),
    (_FLAGS, "true or false"),
)


def _is_kind(value: object, kind: str) -> bool:
    if kind == "a list of strings":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if kind == "a map of strings":
        return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    if kind == "a positive integer":
        return type(value) is int and value > 0
    return isinstance(value, str if kind == "a string" else bool)


def _check_schema(path: Path) -> None:
    """Raises OptionsError where the caller's schema differs from the bundled one: both would read a document differently."""
    try:
        schema = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise OptionsError(f"--schema {path} cannot be read: {error}") from error
    theirs = schema.get("$defs", {}) if isinstance(schema, dict) else {}
    ours = bundle()["$defs"]
    differing = [name for name, of in theirs.items() if name not in ours or not _means(of, ours[name])]
    if not theirs or differing:
        what = f"its {', '.join(differing)} differ" if differing else "it has no $defs"
        raise OptionsError(f"--schema {path} is not the schema that this worker was built from: {what}")


def _means(theirs: object, ours: object) -> bool:
    """Whether a definition means the same as the bundled one, whose references are resolved and whose tables are expanded."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return all(
            key in ours and _means(value, ours[key])
            for key, value in theirs.items()
            if key not in ("description", "examples", "x-enum-from", "x-extends")
        )
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(theirs) == len(ours) and all(map(_means, theirs, ours))
    if isinstance(theirs, str) and isinstance(ours, str) and "#/$defs/" in theirs:
        return theirs.rsplit("/", 1)[1] == ours.rsplit("/", 1)[1]
    return bool(theirs == ours)
