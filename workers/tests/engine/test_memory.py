"""Memory that runs out, on a card whose size is simulated: tensors of the tiny models count as the real ones' bytes."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
import torch
from bench import DEFAULTS, Engine, difference, merge, submission_of

from concord_workers.core.device_manager import Device, MemoryStats
from concord_workers.core.errors import ModelInvalid, OutOfMemory
from concord_workers.core.job_context import JobContext
from concord_workers.inference import decode, job_run
from concord_workers.inference.cost_model import CostModel, Finish, Shape
from concord_workers.inference.memory_optimizer import MemoryOptimizer
from concord_workers.inference.sdxl_worker import SdxlWorker
from concord_workers.models import device_models
from concord_workers.models.model_facts import ModelFacts
from concord_workers.models.model_loader import ModelLoader

MIB = 1 << 20
# docs/gpu-figures.md: SDXL's weights in half precision, and the peak of decoding 1024x1024 beside them in fp16.
MODEL = 6617
DECODE = 5185
CONTEXT = 450  # what CUDA itself takes


class Card(Device):
    """A GPU of `total_mb` in which each base on it takes MODEL, and work takes what `work` says for as long as it lasts."""

    def __init__(self, total_mb: int) -> None:
        super().__init__("cpu_0", "cpu")
        self.total_mb = total_mb
        self.loader: ModelLoader | None = None

    @property
    def bases(self) -> int:
        on_device = self.loader.on_device.all() if self.loader is not None else []
        return sum(model.model_type == "sdxl" for model in on_device)

    def free_mb(self) -> int:
        return self.total_mb - CONTEXT - self.bases * MODEL

    def memory_stats(self) -> MemoryStats:
        used = (self.total_mb - self.free_mb()) * MIB
        return MemoryStats(used, self.total_mb * MIB, self.free_mb() * MIB, 0)

    def free_bytes(self) -> int | None:
        return self.free_mb() * MIB

    def capacity_bytes(self) -> int:
        return (self.total_mb - CONTEXT) * MIB

    def take(self, mb: int) -> None:
        """What an allocation of so much does."""
        if mb > self.free_mb():
            raise torch.OutOfMemoryError(f"CUDA out of memory. Tried to allocate {mb} MiB")


class CardEngine(Engine):
    """An engine on a card. estimate_mb: what the worker believes that a job takes beside its models."""

    def __init__(self, tiny, inputs, outputs, total_mb, monkeypatch, *, estimate_mb=DECODE) -> None:
        super().__init__(tiny, inputs, outputs)
        self.device = Card(total_mb)
        self.loader = ModelLoader(self.device, self.roots, self.settings)
        self.device.loader = self.loader
        self.worker = SdxlWorker(self.device, self.loader, self.roots, self.settings)
        monkeypatch.setattr(MemoryOptimizer, "bytes_to_work", lambda *_: estimate_mb * MIB)
        monkeypatch.setattr(ModelFacts, "bytes_at", lambda facts, dtype: MODEL * MIB if facts.model_type == "sdxl" else 0)
        self.decoded: list[str] = []
        monkeypatch.setattr(decode, "decode_latents", self._decode)

    def _decode(self, vae, latents, dtype):
        tile = vae.tile_sample_min_size if vae.use_tiling else None
        mb = DECODE if tile is None else DECODE // 8
        mb *= 1 if vae.use_slicing else len(latents)
        self.decoded.append(f"{'tiles' if tile else 'whole'} {mb}")
        self.device.take(mb)
        return REAL_DECODE(vae, latents, dtype)


REAL_DECODE = decode.decode_latents


@pytest.fixture
def models(tiny, tmp_path) -> Path:
    """Four bases of equal pixels."""
    root = tmp_path / "models"
    root.mkdir()
    for name in ("one", "two", "three", "four"):
        shutil.copytree(tiny / "sdxl_base", root / name)
    return root


@pytest.fixture
def card(models, inputs, tmp_path, monkeypatch):
    def make(total_mb, **options):
        return CardEngine(models, inputs, tmp_path / "out", total_mb, monkeypatch, **options)

    return make


def codes(context: JobContext) -> list[str]:
    return [warning.code for warning in context.warnings]


@pytest.mark.parametrize("total_mb", [16_000, 24_000, 48_000])
def test_models_that_idle_leave_for_a_jobs_own_work(card, total_mb):
    engine = card(total_mb)
    for name in ("one", "two", "three", "four", "one", "one"):
        context = JobContext()
        engine.run(context, model={"base": name})
        assert "decoded_in_tiles" not in codes(context)
    assert set(engine.decoded) == {f"whole {DECODE}"}, "no decode met a full card"
    # What fits stays: the last base is there, and as many others as the card bears beside the work.
    assert engine.device.bases == min(4, (total_mb - CONTEXT - DECODE) // MODEL)
    assert engine.loader.on_device.by_id("one") is not None


def test_who_leaves_is_said(card):
    engine = card(16_000)
    engine.run(model={"base": "one"})
    context = JobContext()
    engine.run(context, model={"base": "two"})
    assert ("model_swapped", "/model/base") in [(w.code, w.pointer) for w in context.warnings]
    assert any("one left the device" in warning.message for warning in context.warnings)


def test_an_estimate_that_was_too_small_costs_the_idle_models_and_not_the_denoising(card):
    engine = card(24_000, estimate_mb=0)
    for name in ("one", "two"):
        engine.run(model={"base": name})
    begun = engine.decoded[:]
    context = JobContext()
    engine.run(context, model={"base": "three"})
    assert engine.decoded[len(begun) :] == [f"whole {DECODE}"] * 2
    assert engine.loader.on_device.by_id("three") is not None and engine.device.bases == 1
    assert codes(context) == ["model_swapped"]


def test_a_card_too_small_for_the_whole_picture_decodes_in_tiles_and_says_so(card):
    engine = card(12_000)
    for _ in range(2):
        context = JobContext()
        result = engine.run(context, model={"base": "one"})
        assert codes(context) == ["decoded_in_tiles"]
        assert result["warnings"] == [context.warnings[0].message]
    assert engine.decoded == [f"whole {DECODE}", f"tiles {DECODE // 8}"] * 2
    vae = engine.loader.on_device.by_id("one").value.vae
    assert not vae.use_tiling and not vae.use_slicing, "it is as it was for the next job"


def test_a_batch_is_decoded_picture_by_picture_before_it_is_decoded_in_tiles(card):
    engine = card(14_000)
    context = JobContext()
    engine.run(context, model={"base": "one"}, hyperparameters={"batch_size": 2})
    assert engine.decoded == [f"whole {2 * DECODE}", f"whole {DECODE}"]
    assert codes(context) == []


def test_a_card_too_small_for_everything_has_numbers_and_goes_on(card, monkeypatch):
    engine = card(12_000)

    def denoise(*_args, **_options):
        engine.device.take(50_000)

    run_base = job_run.run_base
    monkeypatch.setattr(job_run, "run_base", denoise)
    with pytest.raises(OutOfMemory) as caught:
        engine.run(model={"base": "one"})
    assert caught.value.details["total_mb"] == 12_000
    assert engine.loader.on_device.by_id("one") is not None, "its own base is no victim"
    monkeypatch.setattr(job_run, "run_base", run_base)
    assert engine.run(model={"base": "one"})["images"]


def test_denoising_that_runs_out_is_tried_once_more_without_the_idle_models(card, monkeypatch):
    engine = card(24_000, estimate_mb=0)
    plain = engine.picture(model={"base": "one"})
    engine.run(model={"base": "two"})
    attempts = []
    run_base = job_run.run_base

    def denoise(*args, **options):
        attempts.append(engine.device.bases)
        engine.device.take(12_000)
        return run_base(*args, **options)

    monkeypatch.setattr(job_run, "run_base", denoise)
    context = JobContext()
    assert difference(engine.picture(model={"base": "one"}), plain) == 0
    assert attempts == [2, 1]
    engine.run(context, model={"base": "one"})
    assert attempts == [2, 1, 1] and codes(context) == []


def test_tiles_are_near_the_whole_picture(engine):
    size = {"dimensions": {"width": 256, "height": 256}}
    whole = engine.picture(hyperparameters=size)

    vae = engine.loader.on_device.by_id("sdxl_base").value.vae
    before = vae.tile_sample_min_size
    with decode._in_tiles(vae) as side:
        assert vae.use_tiling and side == vae.tile_sample_min_size <= decode.TILE_SIDE
        assert side % vae.tile_latent_min_size == 0
    assert (vae.use_tiling, vae.tile_sample_min_size) == (False, before)
    assert difference(engine.picture(hyperparameters=size), whole) == 0


# What is loaded is what lies there


def test_a_failed_job_takes_its_base_off_the_device_under_every_id(engine, tiny, monkeypatch):
    engine.loader.load("sdxl_base", "sdxl", "main")
    engine.run()
    model = engine.loader.on_device.by_id("main")
    assert {"main", "sdxl_base"} <= set(model.ids)
    monkeypatch.setattr(job_run, "encode_prompts", lambda *_args, **_options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        engine.run()
    assert engine.loader.on_device.by_id("main") is None and engine.loader.on_device.by_id("sdxl_base") is None
    monkeypatch.undo()
    engine.run()


@pytest.mark.parametrize("parts", [{"vae": "sdxl_vae"}, {"refiner": "sdxl_refiner"}])
def test_a_failed_job_takes_its_other_modules_off_too(engine, monkeypatch, parts):
    (name,) = parts.values()
    engine.run(model=parts)
    assert engine.loader.on_device.by_id(name) is not None
    monkeypatch.setattr(job_run, "encode_prompts", lambda *_args, **_options: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        engine.run(model=parts)
    assert engine.loader.on_device.by_id(name) is None


def test_a_dead_device_is_not_asked_to_give_memory_back(engine, monkeypatch):
    error = torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    def dead(*_args, **_options):
        raise error

    engine.run()
    monkeypatch.setattr(job_run, "encode_prompts", dead)
    monkeypatch.setattr(Device, "empty_cache", dead)
    with pytest.raises(torch.AcceleratorError) as caught:
        engine.run()
    assert caught.value is error and caught.value.__context__ is None


@pytest.mark.parametrize("times", [1, 2])
def test_a_file_replaced_while_it_is_loaded_is_loaded_again(models, inputs, tmp_path, monkeypatch, times):
    engine = Engine(models, inputs, tmp_path / "out")
    read = device_models.READERS["sdxl"]
    reads = []

    def replaced(facts, dtype, target):
        value = read(facts, dtype, target)
        reads.append(facts.path)
        if len(reads) <= times:
            config = facts.path / "unet" / "config.json"
            beside = config.with_name("beside")
            beside.write_bytes(config.read_bytes() + b"\n" * len(reads))
            os.replace(beside, config)
        return value

    monkeypatch.setitem(device_models.READERS, "sdxl", replaced)
    engine.run(model={"base": "one"})
    assert len(reads) == times + 1
    engine.run(model={"base": "one"})
    assert len(reads) == times + 1, "its signature is that of what was loaded"


def test_files_that_never_stand_still_are_refused(models, inputs, tmp_path, monkeypatch):
    engine = Engine(models, inputs, tmp_path / "out")
    count = iter(range(1000))
    monkeypatch.setattr(device_models, "signature", lambda path: (next(count),))
    with pytest.raises(ModelInvalid, match="change while they are read"):
        engine.run(model={"base": "one"})
    assert engine.loader.on_device.all() == []


# Estimates against what was measured on a GPU


FIGURES = Path(__file__).resolve().parents[3] / "docs" / "gpu-figures.md"


def measured_peaks() -> dict[str, int]:
    """dtype → MiB that the worker took at its peak, from the table of docs/gpu-figures.md."""
    rows = re.findall(r"^\| (bf16|fp16) \|.*?([0-9 ]+), ([0-9 ]+) MiB \|$", FIGURES.read_text(encoding="utf-8"), re.MULTILINE)
    return {dtype: int(gateway.replace(" ", "")) for dtype, _, gateway in rows}


def published(force_upcast=True) -> ModelFacts:
    """The published SDXL: its sizes and configurations, without a file."""
    elements = {"unet": 2_567_463_684, "vae": 83_653_863, "text_encoder": 123_060_480, "text_encoder_2": 694_659_840}
    configs = {
        "unet": {"block_out_channels": [320, 640, 1280]},
        "vae": {"block_out_channels": [128, 256, 512, 512], "force_upcast": force_upcast, "sample_size": 1024},
    }
    return FakeFacts(elements, configs)


class FakeFacts:
    def __init__(self, elements, configs) -> None:
        self.component_elements = elements
        self.configs = configs
        self.elements = sum(elements.values())


SHAPE = Shape(1024 * 1024, 1, 2, 30, 0, Finish(), frozenset())


@pytest.mark.parametrize("dtype", ["fp16", "bf16"])
def test_an_estimate_is_within_a_tenth_of_what_was_measured(engine, dtype):
    facts = published()
    peak = (facts.elements * 2 + max(CostModel(engine.device).activation_bytes(facts, dtype, SHAPE))) / MIB
    assert peak == pytest.approx(measured_peaks()[dtype], rel=0.1)


def test_only_fp16_pays_for_a_decode_in_fp32(engine):
    costs = CostModel(engine.device)
    of = {
        (dtype, upcast): costs.activation_bytes(published(upcast), dtype, SHAPE)[1]
        for dtype in ("fp16", "bf16", "fp32")
        for upcast in (True, False)
    }
    assert of["fp16", True] > 1.9 * of["fp16", False]
    assert of["bf16", True] == of["bf16", False] == of["fp16", False]
    assert of["fp32", True] == of["fp32", False]


def test_no_saving_is_counted_that_is_none(engine):
    costs = CostModel(engine.device)
    plain = costs.activation_bytes(published(), "fp16", SHAPE)
    sliced = Shape(1024 * 1024, 1, 2, 30, 0, Finish(), frozenset({"attention_slicing"}))
    tiled = Shape(1024 * 1024, 1, 2, 30, 0, Finish(), frozenset({"vae_tiling"}))
    assert costs.activation_bytes(published(), "fp16", sliced) == plain
    assert costs.activation_bytes(published(), "fp16", tiled) == plain, "SDXL's own tiles are 1024 pixels a side"
    large = Shape(2048 * 2048, 1, 2, 30, 0, Finish(), frozenset({"vae_tiling"}))
    assert costs.activation_bytes(published(), "fp16", large)[1] < 1.1 * plain[1]


@pytest.mark.parametrize("name", ["vae_tiling", "attention_slicing"])
def test_what_changes_pixels_or_saves_nothing_is_not_added_unasked(engine, name):
    document = merge(DEFAULTS, {"hyperparameters": {"dimensions": {"width": 2048, "height": 2048}, "batch_size": 4}})
    result = engine.worker.optimizer.optimize(document, document, {"priority": "memory", "target_vram_usage_mb": 1})
    assert name not in result["optimized_request"]["performance"]["optimizations"]


def test_no_query_measures_the_device(engine, monkeypatch):
    monkeypatch.setattr(torch, "mm", lambda *_args: pytest.fail("a product beside a job measures the job"))
    engine.worker.optimizer.estimate(submission_of(DEFAULTS))


def test_a_device_that_had_no_memory_to_measure_says_so(engine, monkeypatch):
    def full(*_args, **_options):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(torch, "ones", full)
    costs = CostModel(engine.device)
    with pytest.raises(OutOfMemory, match="throughput"):
        costs._flops("fp32")
