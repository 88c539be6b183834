"""Training and inference on one base: outputs load by the engine, and neither disturbs the other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from training_lab import KINDS, job

from concord_workers.contract import read_effective
from concord_workers.core.effective import effective
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.job_context import JobContext
from concord_workers.inference.sdxl_worker import SdxlWorker


class Engine:
    """The inference engine over the lab's loader."""

    def __init__(self, lab) -> None:
        self.worker = SdxlWorker(lab.device, lab.loader, lab.roots, InferenceSettings())

    def run(self, base: str = "sdxl_base", **conditioning) -> tuple[np.ndarray, dict]:
        """A picture and the reply's features_used."""
        submission = {
            "model": {"base": base},
            "scheduler": {"type": "Euler", "steps": 2, "karras_sigmas": False, "timestep_spacing": "leading"},
            "hyperparameters": {
                "guidance_scale": 7.5,
                "seed": 1,
                "dimensions": {"width": 64, "height": 64},
                "batch_size": 1,
                "prompt_weighting": True,
            },
            "conditioning": {"prompt": "a photo of a <obj> cat", "clip_skip": 0, **conditioning},
            "performance": {"device": "auto", "dtype": "fp32", "optimizations": []},
            "postprocessing": {"upscaler": "none", "output_format": "png"},
        }
        result = self.worker.generate(read_effective(effective("PromptSubmission", submission, "cpu")), JobContext())
        with Image.open(result["images"][0]) as picture:
            return np.asarray(picture).astype(int), result["features_used"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_engine_loads_what_was_trained(lab, kind):
    engine = Engine(lab)
    before, _ = engine.run()
    output = lab.wait(lab.start(**job(kind, hyperparameters={"max_steps": 10})))["output_path"]
    assert Path(output).is_absolute()
    if kind == "dreambooth_full":
        after, _ = engine.run(base=output)
    elif kind == "inversion":
        after, used = engine.run(textual_inversions=[{"path": output, "token": "<obj>"}])
        assert used["textual_inversion"]
    else:
        after, used = engine.run(loras=[{"name": output, "weight": 1.0}])
        assert used["lora"]
        none, used = engine.run(loras=[{"name": output, "weight": 0}])
        assert np.array_equal(none, before) and not used["lora"]
    assert abs(after - before).max() > 0
    again, _ = engine.run()
    assert np.array_equal(again, before)


def test_what_a_job_left_in_the_base_is_not_trained_on(lab):
    plain = lab.start(**job("lora", hyperparameters={"max_steps": 2}))
    lab.wait(plain)
    Engine(lab).run(loras=[{"name": "lora_style", "weight": 1.0}])
    after_lora = lab.start(**job("lora", hyperparameters={"max_steps": 2}))
    lab.wait(after_lora)
    assert lab.losses(after_lora) == lab.losses(plain)


def test_training_on_a_trained_model(lab):
    output = lab.wait(lab.start(**job("dreambooth_full", hyperparameters={"max_steps": 2})))["output_path"]
    status = lab.wait(lab.start(**job("lora", base=output, hyperparameters={"max_steps": 2})))
    assert status["state"] == "completed"
