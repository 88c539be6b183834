"""Estimates come from sizes and measurements, and an optimised request fits and says why."""

from __future__ import annotations

import pytest
from bench import DEFAULTS, Engine, merge, submission_of

from concord_workers.contract import read_partial
from concord_workers.core.errors import ModelNotFound
from concord_workers.core.job_context import JobContext
from concord_workers.inference.cost_model import CostModel, Finish, Measurement, Shape
from concord_workers.inference.memory_optimizer import Measurement as SameMeasurement

LARGE = {"hyperparameters": {"dimensions": {"width": 1024, "height": 1024}, "batch_size": 4}}


@pytest.fixture
def fresh(tiny, inputs, tmp_path):
    return Engine(tiny, inputs, tmp_path)


def estimate(engine, **changes):
    return engine.worker.optimizer.estimate(submission_of(merge(DEFAULTS, changes)))


def sized(side, **more):
    return {"hyperparameters": {"dimensions": {"width": side, "height": side}, **more}}


def optimize(engine, preferences, **changes):
    document = merge(DEFAULTS, changes)
    return engine.worker.optimizer.optimize(document, document, preferences)


def test_the_basis_is_what_it_stands_on(fresh):
    before = estimate(fresh)
    assert before["basis"] == "model_sizes"
    fresh.run()
    after = estimate(fresh)
    assert after["basis"] == "measured"
    assert estimate(fresh, model={"base": "sdxl_base_b"})["basis"] == "model_sizes"


def test_a_measured_job_is_predicted(fresh):
    for _ in range(3):
        result = fresh.run(scheduler={"steps": 8})
    predicted = estimate(fresh, scheduler={"steps": 8})["estimated_time_seconds"]
    assert predicted == pytest.approx(result["generation_time_seconds"], rel=0.8)


@pytest.mark.parametrize(
    "changes",
    [
        {"hyperparameters": {"dimensions": {"width": 512, "height": 512}}},
        {"hyperparameters": {"dimensions": {"width": 512, "height": 512}, "batch_size": 4}},
        {"model": {"refiner": "sdxl_refiner"}},
        {"conditioning": {"control_nets": [{"type": "canny", "weight": 1, "image": "init.png"}]}},
    ],
)
def test_more_needs_more_memory(fresh, changes):
    assert estimate(fresh, **changes)["estimated_vram_usage_mb"] > estimate(fresh)["estimated_vram_usage_mb"]


def test_half_precision_halves_the_weights(fresh):
    full, half = (estimate(fresh, performance={"dtype": dtype})["detailed_breakdown"]["base_mb"] for dtype in ("fp32", "fp16"))
    assert half == pytest.approx(full / 2, rel=0.01)


def test_more_steps_need_more_time(fresh):
    assert estimate(fresh, scheduler={"steps": 60})["estimated_time_seconds"] > estimate(fresh)["estimated_time_seconds"]
    assert estimate(fresh, scheduler={"steps": 30, "type": "Heun"})["detailed_breakdown"]["model_calls"] == 59


def test_the_breakdown_is_of_numbers(fresh):
    assert all(isinstance(value, int | float) for value in estimate(fresh)["detailed_breakdown"].values())


def test_an_absent_model_has_no_estimate(fresh):
    with pytest.raises(ModelNotFound):
        estimate(fresh, model={"base": "absent"})


def test_times_follow_a_line(fresh, tiny):
    model = CostModel(fresh.device)
    base = fresh.loader.describe("sdxl_base")
    for pixels in (4096, 16384):
        model.record(Measurement(base.path, "fp32", pixels, 10, 1, 0, False, 0.1, 10 * (0.02 + pixels * 1e-6), 0.1))
    seconds, measured = model.seconds({"base": base}, "fp32", Shape(8192, 1, 1, 5, 0, Finish(), frozenset()))
    assert measured
    assert seconds["denoising_seconds"] == pytest.approx(5 * (0.02 + 8192e-6))
    assert SameMeasurement is Measurement


def test_far_beyond_what_was_measured_the_size_decides(fresh):
    model = CostModel(fresh.device)
    base = fresh.loader.describe("sdxl_base")
    # Noise: 1.5 times the size took 1.5 times as long, although nearly all of it is overhead.
    for pixels, call in ((4096, 0.02), (6144, 0.03)):
        model.record(Measurement(base.path, "fp32", pixels, 10, 1, 0, False, 0.1, 10 * call, 0.1))

    def seconds(side):
        return model.seconds({"base": base}, "fp32", Shape(side * side, 1, 1, 1, 0, Finish(), frozenset()))

    near, near_measured = seconds(128)
    far, far_measured = seconds(512)
    computed = model._call_from_size(base, "fp32", 512 * 512, 0)
    assert near_measured and near["seconds_per_call"] == pytest.approx(0.03 * 16384 / 6144)
    assert not far_measured
    assert far["seconds_per_call"] == pytest.approx(0.03 + computed * (1 - 6144 / 512**2))
    assert far["postprocessing_seconds"] < 0.1 * 512 * 512 / 6144


def test_a_few_small_jobs_do_not_measure_a_large_one(fresh):
    fresh.run()
    assert estimate(fresh, **sized(128))["basis"] == "measured"
    assert estimate(fresh, **sized(512))["basis"] == "model_sizes"


@pytest.mark.parametrize(
    "finish",
    [{"upscaler": "Real-ESRGAN", "upscale_factor": 4}, {"upscaler": "Lanczos", "upscale_factor": 8}, {"safety_checker": True}],
)
def test_a_finish_counts_and_is_measured_by_itself(fresh, finish):
    fresh.run()
    plain = estimate(fresh)
    computed = estimate(fresh, postprocessing=finish)
    assert (plain["basis"], computed["basis"]) == ("measured", "model_sizes")
    assert computed["estimated_time_seconds"] > plain["estimated_time_seconds"]
    took = fresh.run(postprocessing=finish)["postprocessing_time_seconds"]
    measured = estimate(fresh, postprocessing=finish)
    assert measured["basis"] == "measured"
    assert measured["detailed_breakdown"]["postprocessing_seconds"] == pytest.approx(took)
    assert estimate(fresh)["detailed_breakdown"]["postprocessing_seconds"] == pytest.approx(
        plain["detailed_breakdown"]["postprocessing_seconds"]
    )


class TestOptimize:
    def test_a_request_that_fits_is_left_alone(self, fresh):
        result = optimize(fresh, {})
        assert result["changes"] == []
        assert result["optimized_request"] == DEFAULTS
        assert result["estimate_before"] == result["estimate_after"]

    def test_memory_first_takes_what_costs_no_quality(self, fresh):
        result = optimize(fresh, {"priority": "memory"}, **LARGE)
        assert [change["path"] for change in result["changes"]] == ["/performance/optimizations"]
        assert result["changes"][0]["from"] == [] and "vae_slicing" in result["changes"][0]["to"]
        assert result["changes"][0]["reason"]
        before, after = result["estimate_before"], result["estimate_after"]
        assert after["estimated_vram_usage_mb"] < before["estimated_vram_usage_mb"]
        assert result["optimized_request"]["performance"]["optimizations"] == result["changes"][0]["to"]

    def test_a_memory_target_is_met(self, fresh):
        target = estimate(fresh, **LARGE)["estimated_vram_usage_mb"] // 2
        result = optimize(fresh, {"target_vram_usage_mb": target}, **LARGE)
        assert result["estimate_after"]["estimated_vram_usage_mb"] <= target

    def test_quality_is_kept_unless_allowed(self, fresh):
        steps = {"scheduler": {"steps": 100}}
        assert optimize(fresh, {"priority": "speed"}, **steps)["changes"] == []
        result = optimize(fresh, {"priority": "speed", "preserve_quality": False}, **steps)
        assert result["changes"][0]["path"] == "/scheduler/steps"
        assert (result["changes"][0]["from"], result["changes"][0]["to"]) == (100, 30)
        assert result["estimate_after"]["estimated_time_seconds"] < result["estimate_before"]["estimated_time_seconds"]

    def test_a_time_target_is_met_where_it_may(self, fresh):
        fresh.run()
        large = merge(LARGE, {"scheduler": {"steps": 100}})
        target = estimate(fresh, **large)["estimated_time_seconds"] / 6
        result = optimize(fresh, {"target_time_seconds": target, "preserve_quality": False}, **large)
        assert result["estimate_after"]["estimated_time_seconds"] <= target

    def test_a_batch_is_no_smaller_than_a_target_asks_for(self, fresh):
        target = estimate(fresh, **sized(2048, batch_size=4))["estimated_vram_usage_mb"] // 3
        result = optimize(fresh, {"target_vram_usage_mb": target}, **sized(2048, batch_size=16))
        after = result["estimate_after"]
        assert after["estimated_vram_usage_mb"] <= target
        assert result["optimized_request"]["performance"]["optimizations"] == ["vae_slicing"]
        assert "over_target_mb" not in after["detailed_breakdown"]
        batch = result["optimized_request"]["hyperparameters"]["batch_size"]
        larger = merge(result["optimized_request"], {"hyperparameters": {"batch_size": batch + 1}})
        assert fresh.worker.optimizer.estimate(submission_of(larger))["estimated_vram_usage_mb"] > target

    def test_tiles_are_asked_for_only_where_quality_may_go(self, fresh):
        document = sized(2048)
        target = estimate(fresh, **document)["estimated_vram_usage_mb"] * 2 // 3
        kept = optimize(fresh, {"target_vram_usage_mb": target}, **document)
        assert "over_target_mb" in kept["estimate_after"]["detailed_breakdown"]
        free = optimize(fresh, {"target_vram_usage_mb": target, "preserve_quality": False}, **document)
        paths = [change["path"] for change in free["changes"]]
        assert "/performance/dtype" in paths or "/performance/optimizations" in paths

    def test_a_target_out_of_reach_is_said(self, fresh):
        fresh.run()
        targets = {"target_vram_usage_mb": 1, "target_time_seconds": 0.001}
        result = optimize(fresh, targets, **sized(512, batch_size=2))
        after = result["estimate_after"]
        over = after["detailed_breakdown"]
        assert over["over_target_mb"] == after["estimated_vram_usage_mb"] - 1
        assert over["over_target_seconds"] == pytest.approx(after["estimated_time_seconds"] - 0.001)
        assert f"still over the target by {over['over_target_mb']} MiB and " in result["changes"][-1]["reason"]
        unchanged = optimize(fresh, {"target_time_seconds": 0.001})
        assert unchanged["changes"] == []
        assert unchanged["estimate_after"]["detailed_breakdown"]["over_target_seconds"] > 0

    def test_each_cause_of_a_change_is_named(self, fresh):
        fresh.run()
        steps = {"scheduler": {"steps": 100}}
        target = round(estimate(fresh, scheduler={"steps": 15})["estimated_time_seconds"], 6)
        result = optimize(fresh, {"target_time_seconds": target, "preserve_quality": False}, **steps)
        (change,) = result["changes"]
        assert change["to"] < 30
        assert "no more than 30" in change["reason"] and f"fewer still to come under {target:g} s" in change["reason"]
        reached = optimize(fresh, {"priority": "speed", "preserve_quality": False}, **steps)["changes"]
        assert "fewer still" not in reached[0]["reason"]

    @pytest.mark.parametrize(
        ("priority", "path", "to"),
        [
            ("speed", "/performance/optimizations", []),
            ("quality", "/scheduler/steps", 30),
            ("memory", "/performance/optimizations", ["attention_slicing", "vae_slicing"]),
            ("balanced", None, None),
        ],
    )
    def test_each_priority_does_its_own(self, fresh, priority, path, to):
        document = merge(sized(1024, batch_size=4), {"performance": {"optimizations": ["attention_slicing"]}})
        changes = optimize(fresh, {"priority": priority}, **document)["changes"]
        assert [(change["path"], change["to"]) for change in changes] == ([(path, to)] if path else [])

    def test_speed_keeps_what_the_target_needs(self, fresh):
        document = merge(sized(1024, batch_size=4), {"performance": {"optimizations": ["vae_slicing", "vae_tiling"]}})
        target = estimate(fresh, **document)["estimated_vram_usage_mb"]
        preferences = {"priority": "speed", "target_vram_usage_mb": target}
        assert optimize(fresh, preferences, **document)["estimate_after"]["estimated_vram_usage_mb"] <= target

    def test_quality_keeps_to_a_time_target(self, fresh):
        fresh.run()
        target = estimate(fresh, scheduler={"steps": 12})["estimated_time_seconds"] * 1.0001
        result = optimize(fresh, {"priority": "quality", "target_time_seconds": target})
        assert [(change["from"], change["to"]) for change in result["changes"]] == [(3, 12)]

    def test_what_was_absent_is_null(self, fresh):
        document = {"model": {"base": "sdxl_base"}, "conditioning": {"prompt": "a cat"}, "hyperparameters": {"batch_size": 4}}
        result = fresh.worker.optimizer.optimize(document, merge(DEFAULTS, LARGE), {"priority": "memory"})
        assert result["changes"][0]["from"] is None
        assert document.get("performance") is None  # the sender's own is not written to

    def test_the_optimised_request_runs(self, fresh):
        result = optimize(
            fresh, {"priority": "memory"}, hyperparameters={"batch_size": 2, "dimensions": {"width": 512, "height": 512}}
        )
        small = merge(result["optimized_request"], {"hyperparameters": {"dimensions": {"width": 64, "height": 64}}})
        assert len(fresh.worker.generate(submission_of(small), JobContext())["images"]) == 2


def test_what_exceeds_the_device_is_out_of_range(fresh, monkeypatch):
    from concord_workers.core.device_manager import MemoryStats

    monkeypatch.setattr(type(fresh.device), "memory_stats", lambda self: MemoryStats(0, 8_000_000, 8_000_000, 0))
    limits = fresh.worker.optimizer.limits(fresh.loader.describe("sdxl_base"), "fp32")
    assert limits["pixels_max"] < 4194304
    found = fresh.worker.check(read_partial(merge(DEFAULTS, sized(1024))))
    sides = ("/hyperparameters/dimensions/width", "/hyperparameters/dimensions/height")
    # Which of the two is to blame is decided where it is known what the sender wrote.
    assert [(violation.code, violation.fields) for violation in found] == [("out_of_range", sides)]
    assert fresh.violations() == []


def test_cleanup_frees_and_keeps_what_is_loaded(fresh):
    fresh.run(conditioning={"loras": [{"name": "lora_style", "weight": 1}]})
    result = fresh.worker.cleanup()
    assert set(result) == {"freed_gpu_bytes", "freed_ram_bytes"} and min(result.values()) >= 0
    assert fresh.loader.current_model_id == "sdxl_base"
    assert fresh.worker.cleanup()["freed_gpu_bytes"] == 0
