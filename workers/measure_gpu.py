"""Measures the worker on a GPU, through the gateway, with the full-size SDXL on random weights; no download.

    .venv/bin/python measure_gpu.py --gateway ../target/release/gateway [--folder DIR] [--output FILE.json]
    .venv/bin/python measure_gpu.py --tiny .tiny-models --gateway ...      # the same on a tiny model, any device

pictures: jobs through the gateway and a bare diffusers loop with the same weights, prompt, seed, steps and PNG files, in
turn, in one run; two dtypes. loads: cold (page cache dropped, root only), cached in RAM, and what the copy to the device alone
allows. ends: a cancel, and (full size) the device memory taken away by a stranger.
optimizations (with --tiny): each one that is advertised. Every part is written to FILE as it ends.
Without a CUDA device and without --tiny: exit 77, skipped.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

from measure_gateway import Gateway
from measure_pairs import compare

SKIPPED = 77
PROMPT = "a lighthouse at dusk, oil on canvas"
BASE = "full"
GIB = 2**30
GOAL = 0.99
"""Of the throughput of bare diffusers, what the gateway is to reach."""


def say(text: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


# ---------------------------------------------------------------------------------------------- the model


def write_model(config: Path, folder: Path, device: str) -> int:
    """A diffusers folder with the published architecture and random fp16 weights; its size in bytes."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    shutil.copytree(config, folder)
    torch.manual_seed(1)
    makers: dict[str, Callable[[Path], Any]] = {
        "unet": lambda path: UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(path)),
        "vae": lambda path: AutoencoderKL.from_config(AutoencoderKL.load_config(path)),
        "text_encoder": lambda path: CLIPTextModel(CLIPTextConfig.from_pretrained(path)),
        "text_encoder_2": lambda path: CLIPTextModelWithProjection(CLIPTextConfig.from_pretrained(path)),
    }
    for name, make in makers.items():
        with torch.device(device):
            model = make(folder / name)
        model.to(torch.float16).save_pretrained(folder / name, safe_serialization=True, max_shard_size="20GB")
        del model
        torch.cuda.empty_cache()
    subprocess.run(["sync"], check=True)
    return sum(file.stat().st_size for file in folder.rglob("*.safetensors"))


# ---------------------------------------------------------------------------------------------- pictures


def submission(settings: argparse.Namespace, dtype: str, seed: int, steps: int | None = None) -> dict[str, Any]:
    return {
        "model": {"base": BASE},
        "scheduler": {"type": "Euler", "steps": steps or settings.steps},
        "hyperparameters": {
            "guidance_scale": 7.5,
            "seed": seed,
            "dimensions": {"width": settings.side, "height": settings.side},
        },
        "conditioning": {"prompt": PROMPT},
        "performance": {"dtype": dtype},
        "postprocessing": {"safety_checker": False},
    }


class Bare:
    """The same pictures by diffusers alone."""

    def __init__(self, folder: Path, dtype: str, device: str) -> None:
        from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline

        kind = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}[dtype]
        pipeline = StableDiffusionXLPipeline.from_pretrained(folder, dtype=kind, add_watermarker=False)
        pipeline.scheduler = EulerDiscreteScheduler.from_config(pipeline.scheduler.config)
        pipeline.set_progress_bar_config(disable=True)
        self.pipeline = pipeline.to(device)

    def picture(self, settings: argparse.Namespace, seed: int, path: Path) -> float:
        """Makes and saves it; seconds."""
        began = time.perf_counter()
        made = self.pipeline(
            PROMPT,
            width=settings.side,
            height=settings.side,
            num_inference_steps=settings.steps,
            guidance_scale=7.5,
            generator=torch.Generator("cpu").manual_seed(seed),
        )
        made.images[0].save(path)
        return time.perf_counter() - began


def measure_pictures(settings: argparse.Namespace, gateway: Gateway, folder: Path, scratch: Path, dtype: str) -> dict[str, Any]:
    """How both ways compare, and the peak of the device memory of each."""
    on_cuda = settings.device.startswith("cuda")
    if on_cuda:
        torch.cuda.reset_peak_memory_stats()
    row = measure_pairs(settings, gateway, Bare(folder, dtype, settings.device), scratch, dtype)
    if on_cuda:
        row["bare_peak_mb"] = torch.cuda.max_memory_allocated() / 2**20
        torch.cuda.empty_cache()
    return row


def measure_pairs(settings: argparse.Namespace, gateway: Gateway, bare: Bare, scratch: Path, dtype: str) -> dict[str, Any]:
    """Both ways in turn, each the first of every other pair. SystemExit if a picture shows nothing."""
    ours, theirs, inside, differences, spreads = [], [], [], [], []
    data: dict[str, Any] = {}

    def alone(turn: int) -> float:
        return bare.picture(settings, turn, scratch / f"bare-{dtype}-{turn}.png")

    def through(turn: int) -> float:
        nonlocal data
        began = time.perf_counter()
        data = gateway.command("generate_sdxl", prompt_submission=submission(settings, dtype, turn))
        return time.perf_counter() - began

    for turn in range(settings.rounds + 1):
        ways = (alone, through) if turn % 2 == 0 else (through, alone)
        seconds = {way: way(turn) for way in ways}
        if turn == 0:
            say(f"{dtype} warm: bare {seconds[alone]:.2f} s, gateway {seconds[through]:.2f} s")
            continue  # kernels are chosen, the model is loaded
        theirs.append(seconds[alone])
        ours.append(seconds[through])
        inside.append(data["generation_time_seconds"])
        files = (scratch / f"bare-{dtype}-{turn}.png", data["images"][0])
        one, other = (np.asarray(Image.open(file).convert("RGB")).astype(int) for file in files)
        differences.append(int(np.abs(one - other).max()))
        spreads.append(float(min(one.std(), other.std())))
    if min(spreads) < 1:
        raise SystemExit(f"a picture of one colour: equal pixels would prove nothing ({spreads})")
    return compare(theirs, ours, GOAL) | {
        "dtype": dtype,
        "bare_seconds": statistics.median(theirs),
        "gateway_seconds": statistics.median(ours),
        "worker_seconds": statistics.median(inside),
        "bare_seconds_each": theirs,
        "gateway_seconds_each": ours,
        "largest_pixel_difference": max(differences),
        "smallest_pixel_spread": min(spreads),
        "worker_memory_mb": data["memory_used_mb"],
    }


# ---------------------------------------------------------------------------------------------- loads


def drop_pages(folder: Path) -> bool:
    """Whether the model's pages are out of the page cache."""
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        for file in folder.rglob("*.safetensors"):
            with file.open("rb") as opened:
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return False
    return True


def copy_bandwidth(device: str, pinned: bool) -> float:
    """Bytes a second of a host-to-device copy of 1 GiB; the best of five."""
    host = torch.ones(GIB, dtype=torch.uint8, pin_memory=pinned)
    there = torch.empty(GIB, dtype=torch.uint8, device=device)
    best = float("inf")
    for _ in range(5):
        torch.cuda.synchronize()
        began = time.perf_counter()
        there.copy_(host)
        torch.cuda.synchronize()
        best = min(best, time.perf_counter() - began)
    return GIB / best


def measure_loads(gateway: Gateway, folder: Path, size: int, device: str) -> dict[str, Any]:
    """Seconds to device memory: cold, cached, by diffusers alone from the page cache, and the copy's own bandwidth."""

    def unload() -> None:
        gateway.command("unload_model")
        gateway.command("cleanup_memory")

    def load(action: str, **payload: Any) -> float:
        began = time.perf_counter()
        gateway.command(action, **payload)
        return time.perf_counter() - began

    cold, cached = [], []
    for _ in range(2):
        unload()
        dropped = drop_pages(folder)
        cold.append(load("load_model", model_path=BASE, model_type="sdxl"))
    for _ in range(4):
        unload()
        gateway.command("load_model_to_cache", model_path=BASE, model_type="sdxl", model_id=BASE)
        cached.append(load("load_model_from_cache", model_id=BASE))
    row: dict[str, Any] = {
        "bytes": size,
        "pages_dropped": dropped,
        "cold_seconds_each": cold,
        "cached_seconds_each": cached,
        "cold_seconds": statistics.median(cold),
        "cached_seconds": statistics.median(cached),
        "cached_best_seconds": min(cached),
        "cached_gib_per_second": size / statistics.median(cached) / GIB,
    }
    if device.startswith("cuda"):
        row["copy_pinned_gib_per_second"] = copy_bandwidth(device, pinned=True) / GIB
        row["copy_pageable_gib_per_second"] = copy_bandwidth(device, pinned=False) / GIB
        began = time.perf_counter()
        tensors = [load_file(file, device=device) for file in folder.rglob("*.safetensors")]
        torch.cuda.synchronize()
        row["bare_safetensors_seconds"] = time.perf_counter() - began
        del tensors
        torch.cuda.empty_cache()
        row["share_of_pinned_bandwidth"] = row["cached_gib_per_second"] / row["copy_pinned_gib_per_second"]
        row["share_of_bare_safetensors"] = row["bare_safetensors_seconds"] / row["cached_seconds"]
    return row


# ---------------------------------------------------------------------------------------------- optimisations


def measure_optimizations(settings: argparse.Namespace, gateway: Gateway) -> dict[str, Any]:
    """Every optimisation that is advertised: a job with it, its seconds, and the largest difference of a pixel."""

    def picture(optimizations: list[str]) -> tuple[float, np.ndarray[Any, Any]]:
        document = submission(settings, "fp16" if settings.device.startswith("cuda") else "fp32", 1)
        document["performance"]["optimizations"] = optimizations
        began = time.perf_counter()
        data = gateway.command("generate_sdxl", prompt_submission=document)
        spent = time.perf_counter() - began
        return spent, np.asarray(Image.open(data["images"][0]).convert("RGB")).astype(int)

    _, plain = picture([])
    rows = {}
    for name in gateway.command("get_capabilities")["memory_optimizations"]:
        spent, with_it = picture([name])
        rows[name] = {"seconds": spent, "largest_pixel_difference": int(np.abs(plain - with_it).max())}
    return rows


# ---------------------------------------------------------------------------------------------- ends


@contextmanager
def memory_taken(device: str, leave_bytes: int) -> Iterator[None]:
    """A stranger holds the device's memory, but for a rest."""
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info(device)
    held = torch.empty(max(free - leave_bytes, 0), dtype=torch.uint8, device=device)
    try:
        yield
    finally:
        del held
        torch.cuda.empty_cache()


def measure_out_of_memory(settings: argparse.Namespace, gateway: Gateway) -> dict[str, Any]:
    gateway.command("unload_model")
    gateway.command("cleanup_memory")
    with memory_taken(settings.device, 6 * GIB):
        refused = gateway.ask("POST", "/v1/generate", submission(settings, "fp16", 1))
    after = gateway.ask("POST", "/v1/generate", submission(settings, "fp16", 1))
    error = refused.get("error_details") or {}
    if error.get("code") != "out_of_memory" or after.get("success") is not True:
        raise SystemExit(f"without memory: {json.dumps(refused)}; then: {json.dumps(after)}")
    return {"refused": error, "next_job": True}


def measure_cancel(settings: argparse.Namespace, gateway: Gateway) -> dict[str, Any]:
    """From the cancel to the job's reply, next to the time of one step."""
    job = gateway.ask("POST", "/v1/generate", submission(settings, "fp16", 1, steps=150), prefer="respond-async")
    identity = job.get("request_id") or job["data"]["request_id"]
    began = reply = None
    stamps = []
    with gateway.open("GET", f"/v1/jobs/{identity}/events") as events:
        for line in events:
            if not line.startswith(b"data:"):
                continue
            event = json.loads(line[5:])
            if event.get("stage") == "denoising":
                stamps.append(time.perf_counter())
            if len(stamps) == 8 and began is None:
                began = time.perf_counter()
                gateway.ask("DELETE", f"/v1/jobs/{identity}")
            if "success" in event:
                reply = event
                break
    if began is None or reply is None:
        raise SystemExit(f"the job was not cancelled: {reply}")
    steps = [later - earlier for earlier, later in zip(stamps, stamps[1:], strict=False)]
    return {
        "code": reply["error_details"]["code"],
        "seconds": time.perf_counter() - began,
        "step_seconds": statistics.median(steps),
    }


# ---------------------------------------------------------------------------------------------- all of it


class Results:
    """What was measured so far, in a file."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.parts: dict[str, Any] = {}

    def add(self, name: str, measure: Callable[[], Any]) -> None:
        """A part that fails is written down as failed, and the others are measured all the same."""
        say(f"{name} ...")
        began = time.perf_counter()
        try:
            value = measure()
        except (Exception, SystemExit) as error:
            value = {"failed": f"{type(error).__name__}: {error}"}
        self.parts[name] = value
        say(f"{name}: {time.perf_counter() - began:.1f} s: {json.dumps(value)}")
        if self.path is not None:
            self.path.write_text(json.dumps(self.parts, indent=1) + "\n")

    def failed(self) -> list[str]:
        return [name for name, value in self.parts.items() if isinstance(value, dict) and "failed" in value]


def machine(device: str) -> dict[str, Any]:
    import diffusers
    import transformers

    found: dict[str, Any] = {"python": platform.python_version(), "cpus": os.cpu_count()}
    found |= {library.__name__: library.__version__ for library in (torch, diffusers, transformers)}
    if device.startswith("cuda"):
        found |= {"gpu": torch.cuda.get_device_name(device), "cuda": torch.version.cuda}
        query = ["nvidia-smi", "--query-gpu=driver_version,memory.total", "--format=csv,noheader"]
        found["nvidia_smi"] = subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip()
    return found


def table(parts: dict[str, Any]) -> str:
    """What a person wants to see; parts that failed are named."""
    lines = ["", "dtype  bare/s  gateway/s  ratio  95 %            goal       pixels differ by"]
    for name, row in parts.items():
        if isinstance(row, dict) and "failed" in row:
            lines.append(f"{name} failed: {row['failed'][:200]}")
        elif name.startswith("pictures_"):
            low, high = row["throughput_ratio_95"]
            speeds = f"{row['bare_per_second']:<8.3f}{row['gateway_per_second']:<11.3f}{row['throughput_ratio']:<7.3f}"
            lines.append(
                f"{row['dtype']:<7}{speeds}{low:.3f} to {high:.3f}  {row['goal']:<11}{row['largest_pixel_difference']}"
            )
        elif name == "loads":
            lines.append(f"cold load {row['cold_seconds']:.2f} s, cached {row['cached_seconds']:.2f} s")
    return "\n".join(lines)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="measures the worker on a GPU")
    parser.add_argument("--gateway", type=Path, required=True, help="the gateway's program")
    parser.add_argument("--config", type=Path, default=Path(sys.prefix) / "share/sdxl-config/base", help="SDXL's configuration")
    parser.add_argument("--tiny", type=Path, help="a folder of tiny models: their base in place of the full size")
    parser.add_argument("--device", choices=("auto", "cpu"), default="auto", help="the first CUDA device, where there is one")
    parser.add_argument("--folder", type=Path, help="where models and pictures go (a temporary folder)")
    parser.add_argument("--output", type=Path, help="the results, as JSON")
    parser.add_argument("--rounds", type=int, default=20, help="pairs of pictures in each dtype, two at least")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--side", type=int, default=1024)
    return parser.parse_args()


def measure(settings: argparse.Namespace, folder: Path, results: Results) -> None:
    models, pictures = folder / "models", folder / "pictures"
    for path in (models, pictures):
        path.mkdir(parents=True, exist_ok=True)
    base = models / BASE
    if settings.tiny is not None:
        shutil.copytree(settings.tiny / "sdxl_base", base)
        size = sum(file.stat().st_size for file in base.rglob("*.safetensors"))
    else:
        size = 0
    on_cuda = settings.device.startswith("cuda")
    results.add("machine", lambda: machine(settings.device))
    if settings.tiny is None:
        results.add("model", lambda: {"bytes": write_model(settings.config, base, settings.device)})
        size = results.parts["model"]["bytes"]
    gateway = Gateway(settings.gateway, models, pictures, [] if on_cuda else ["--device", "cpu"])
    try:
        results.add("gpus", lambda: gateway.ask("GET", "/v1/gpus")["data"])
        results.add("worker_gpus", gateway.worker_gpus)
        results.add("capabilities", lambda: gateway.command("get_capabilities"))
        for dtype in ("fp16", "bf16") if on_cuda else ("fp32",):
            results.add(f"pictures_{dtype}", partial(measure_pictures, settings, gateway, base, pictures, dtype))
        results.add("loads", lambda: measure_loads(gateway, base, size, settings.device))
        if settings.tiny is not None:
            results.add("optimizations", lambda: measure_optimizations(settings, gateway))
        if on_cuda:
            results.add("cancel", lambda: measure_cancel(settings, gateway))
        if on_cuda and settings.tiny is None:
            results.add("out_of_memory", lambda: measure_out_of_memory(settings, gateway))
        if on_cuda:
            results.add("gpus_after", lambda: gateway.ask("GET", "/v1/gpus")["data"])
    finally:
        gateway.stop()
        if results.failed():
            say(gateway.text()[-6000:])


def main() -> None:
    settings = parse()
    on_cuda = settings.device == "auto" and torch.cuda.is_available()
    if not on_cuda and settings.tiny is None:
        say("skipped: no CUDA device to measure; --tiny runs the script without one")
        sys.exit(SKIPPED)
    settings.device = "cuda:0" if on_cuda else "cpu"
    results = Results(settings.output)
    with tempfile.TemporaryDirectory(dir=settings.folder) as scratch:
        measure(settings, Path(scratch), results)
    print(json.dumps(results.parts, indent=1))
    say(table(results.parts))
    sys.exit(1 if results.failed() else 0)


if __name__ == "__main__":
    main()
