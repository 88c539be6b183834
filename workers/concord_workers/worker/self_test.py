"""`run_self_test`: the worker tests itself with its own commands, in the working thread.

Each check runs a command and examines its result. A check without its model fails with a message. Pictures are deleted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from concord_workers.core.actions import actions
from concord_workers.core.dictionary import dictionary
from concord_workers.core.engine import Engine
from concord_workers.core.envelope import read_frame
from concord_workers.core.errors import ContractError
from concord_workers.core.job_context import JobContext
from concord_workers.core.reader import read
from concord_workers.core.task import Task
from concord_workers.inference.worker_actions import WorkerActions

__all__ = ["run_self_test"]

_Check = tuple[str, str, Callable[[], str | None]]
_SIDE = 64


class _Failed(Exception):
    """A result is not the expected one."""


def run_self_test(scope: str, worker: WorkerActions, engine: Engine, context: JobContext) -> dict[str, Any]:
    """SelfTestReport. Raises Cancelled, JobTimeout and ShuttingDown."""
    lab = _SelfTest(worker, engine, context)
    checks: Iterator[_Check] = {
        "commands": lab.commands,
        "sdxl": lab.sdxl,
        "models": lab.models,
        "benchmark": lab.benchmark,
    }[scope]()
    rows: list[dict[str, Any]] = []
    for check_id, name, run in checks:
        context.check()
        context.progress("loading", len(rows), len(rows) + 1)
        began = time.monotonic()
        row: dict[str, Any] = {"id": check_id, "name": name, "passed": True}
        try:
            message = run()
        except _Failed as error:
            row["passed"], message = False, str(error)
        except ContractError as error:
            context.check()  # a stop of the job raises here; it is no failed check
            row["passed"], message = False, f"{error.code}: {error.message}"
        row["seconds"] = time.monotonic() - began
        if message is not None:
            row["message"] = message
        rows.append(row)
    passed = sum(row["passed"] for row in rows)
    return {"checks": rows, "passed": passed, "failed": len(rows) - passed}


class _SelfTest:
    """The checks, and the base model that they make pictures with."""

    def __init__(self, worker: WorkerActions, engine: Engine, context: JobContext) -> None:
        self._worker = worker
        self._engine = engine
        self._context = context
        self._candidates = engine.candidates()
        current = engine.current_model()
        found = self._candidates.get("sdxl", [])
        self._base = current["model_id"] if current is not None else found[0] if found else None

    # Scopes

    def commands(self) -> Iterator[_Check]:
        """Every command that changes memory alone, once; its data is checked against the schema."""
        request = self._request()
        tried: dict[str, dict[str, Any]] = {
            "validate_request": {"prompt_submission": request},
            "get_performance_estimate": {"prompt_submission": request},
            "optimize_request": {"prompt_submission": request, "preferences": {"priority": "memory"}},
            "generate_sdxl": {"prompt_submission": request},
            "generate_sdxl_enhanced": {"request": request},
            "enhanced_sdxl": {"request": request},
            "structured_inference": {"prompt_submission": request},
            "generate_image": {"parameters": self._flat()},
            "run_inference": {"model_id": self._base or "none", "parameters": self._flat()},
            "validate_model_files": {"model_paths": [path for of in self._candidates.values() for path in of][:1]},
            "load_model": {"model_path": self._base or "none", "model_type": "sdxl"},
            "load_model_to_cache": {"model_path": self._base or "none", "model_type": "sdxl"},
            "cleanup_memory": {},
        }
        for action in self._worker.actions:
            fields = tried.get(action, {})
            if action in tried or actions()[action].request == "Nothing" or action == "get_model_info":
                yield f"commands/{action}", action, partial(self._command, action, fields)

    def sdxl(self) -> Iterator[_Check]:
        """The features of SDXL on the base."""
        yield "sdxl/text2img", "a picture of the asked size", lambda: self._size(_SIDE * 2, _SIDE)
        yield "sdxl/seed", "the same seed gives the same picture, another one another", self._seeds
        yield "sdxl/batch", "a batch has one picture a seed", self._batch
        yield "sdxl/img2img", "a picture from a picture", lambda: self._with_image({}, "img2img")
        yield "sdxl/inpaint", "a picture repainted under a mask", lambda: self._with_image({"inpaint_mask": True}, "inpaint")
        for name in self._engine.schedulers()["schedulers"]:
            changes = {"scheduler": {"type": name["name"], "steps": 4}}
            yield f"sdxl/scheduler/{name['name']}", f"sampler {name['name']}", partial(self._uses_scheduler, changes)
        for kind in self._engine.capabilities()["supported_formats"]:
            changes = {"postprocessing": {"output_format": kind}}
            yield f"sdxl/format/{kind}", f"a picture as {kind}", partial(self._is_format, changes, kind)

    def models(self) -> Iterator[_Check]:
        """The model files that are there."""
        if not any(self._candidates.values()):
            yield "models/any", "a model under the model roots", lambda: _fail("there is none")
        for kind, paths in self._candidates.items():
            for path in paths:
                yield f"models/{Path(path).name}", f"the files of {kind} {Path(path).name}", partial(self._files, path)

    def benchmark(self) -> Iterator[_Check]:
        """Timings, as messages."""
        for side in (256, 512):
            yield f"benchmark/{side}", f"seconds a step at {side}x{side}", partial(self._timing, side)

    # Checks

    def _command(self, action: str, fields: dict[str, Any]) -> str | None:
        command = read_frame(json.dumps({"action": action, "payload": fields}).encode())
        if command.reading.violations:
            raise _Failed(command.reading.violations[0]["message"])
        task = Task(command, command.action.kind_of(command.reading.document)[0], "snake", ordered=False)
        task.context = self._quiet()
        if task.kind == "query":
            data = self._worker.answer(task).data
        else:
            data = self._worker.work(self._engine, task).data
        self._delete(data)
        if "warnings" in dictionary().object(command.action.reply).by_snake:
            data = {**data, "warnings": []}
        violations = read(command.action.reply, json.loads(json.dumps(data, allow_nan=False)), canonical=True).violations
        if violations:
            raise _Failed(f"the reply breaks its schema at {violations[0]['pointer']}: {violations[0]['message']}")
        if data.get("valid") is False:
            raise _Failed(f"the request is not valid here: {data.get('error')}")
        return None

    def _size(self, width: int, height: int) -> str | None:
        found = self._generate({"hyperparameters": {"dimensions": {"width": width, "height": height}}})["image_details"][0]
        if (found["width"], found["height"]) != (width, height):
            raise _Failed(f"asked for {width}x{height}, got {found['width']}x{found['height']}")
        return None

    def _seeds(self) -> str | None:
        first, again, other = (self._hash(seed) for seed in (1, 1, 2))
        if first != again:
            raise _Failed("the same seed gave two pictures")
        if first == other:
            raise _Failed("two seeds gave one picture")
        return None

    def _batch(self) -> str | None:
        details = self._generate({"hyperparameters": {"batch_size": 2, "seed": 5}})["image_details"]
        if [row["seed"] for row in details] != [5, 6]:
            raise _Failed(f"the seeds are {[row['seed'] for row in details]}, not 5 and 6")
        return None

    def _with_image(self, extra: dict[str, Any], feature: str) -> str | None:
        source = self._generate({}, keep=True)
        path = source["images"][0]
        try:
            conditioning = {"init_image": path} | dict.fromkeys(extra, path)
            used = self._generate({"conditioning": conditioning, "scheduler": {"steps": 4}})["features_used"]
        finally:
            self._delete(source)
        if not used[feature]:
            raise _Failed(f"{feature} did not take part")
        return None

    def _uses_scheduler(self, changes: dict[str, Any]) -> str | None:
        wanted = changes["scheduler"]["type"]
        used = self._generate(changes)["scheduler_used"]
        if used != wanted:
            raise _Failed(f"{used} was used")
        return None

    def _is_format(self, changes: dict[str, Any], kind: str) -> str | None:
        found = self._generate(changes)["image_details"][0]["format"]
        if found != kind:
            raise _Failed(f"it is {found}")
        return None

    def _files(self, path: str) -> str | None:
        row = self._engine.validate_model_files({"model_paths": [path]}, self._context, self._context.check)["results"][0]
        if not row["is_valid"]:
            raise _Failed("; ".join(row["issues"][:3]))
        return f"{row['tensor_count']} tensors, {row['file_size_bytes']} bytes"

    def _timing(self, side: int) -> str | None:
        changes = {"hyperparameters": {"dimensions": {"width": side, "height": side}}, "scheduler": {"steps": 4}}
        result = self._generate(changes)
        denoising = (
            result["generation_time_seconds"] - result["preprocessing_time_seconds"] - result["postprocessing_time_seconds"]
        )
        return f"{denoising / max(result['steps_used'], 1):.4f} s a step, {result['generation_time_seconds']:.3f} s a picture"

    # Helpers

    def _request(self) -> dict[str, Any]:
        return {
            "model": {"base": self._base or "none"},
            "scheduler": {"steps": 2},
            "hyperparameters": {"seed": 1, "dimensions": {"width": _SIDE, "height": _SIDE}},
            "conditioning": {"prompt": "a lighthouse at dusk"},
        }

    def _flat(self) -> dict[str, Any]:
        flat: dict[str, Any] = {"prompt": "a lighthouse", "steps": 2, "width": _SIDE, "height": _SIDE, "seed": 1}
        return flat | ({"model_id": self._base} if self._base else {})

    def _generate(self, changes: dict[str, Any], *, keep: bool = False) -> dict[str, Any]:
        if self._base is None:
            raise _Failed("no base model is loaded or lies under the model roots")
        request = self._request()
        for section, members in changes.items():
            request[section] = {**request.get(section, {}), **members}
        result = self._engine.generate(self._worker.effective_of(request), self._quiet())
        if not keep:
            self._delete(result)
        return result

    def _quiet(self) -> JobContext:
        """A context with the job's own deadline, whose progress goes to the job's context."""
        outer = self._context
        return JobContext(
            deadline=outer.deadline,
            on_progress=lambda progress: _relay(outer, progress.stage, progress.step, progress.total_steps),
        )

    def _hash(self, seed: int) -> str:
        details: list[dict[str, Any]] = self._generate({"hyperparameters": {"seed": seed}})["image_details"]
        return str(details[0]["sha256"])

    @staticmethod
    def _delete(data: dict[str, Any]) -> None:
        for path in data.get("images", []):
            Path(path).unlink(missing_ok=True)


def _relay(outer: JobContext, stage: str, step: int, total: int) -> None:
    outer.check()
    outer.progress(stage, step, total)


def _fail(message: str) -> str | None:
    raise _Failed(message)
