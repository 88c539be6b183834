"""Every sampler against models whose answer is known: with the configuration that SDXL was published with, nothing clips."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import diffusers
import pytest
import torch

from concord_workers.core.errors import ContractError
from concord_workers.models.prediction import Prediction, with_prediction
from concord_workers.schedulers.scheduler_factory import (
    choose_scheduler,
    make_scheduler,
    require_zero_terminal_snr,
    scheduler_names,
)

CONFIG = Path(sys.prefix) / "share" / "sdxl-config"
STEPS = 12
PUBLISHED = {
    "_class_name": "EulerDiscreteScheduler",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "interpolation_type": "linear",
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "sample_max_value": 1.0,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "timestep_spacing": "leading",
    "trained_betas": None,
    "use_karras_sigmas": False,
}
ZERO_SNR = ("DPM++ 2M", "DPM++ 2M Karras", "DPM++ 2M SDE", "DPM++ 2M SDE Karras", "Euler", "Euler a") + (
    "DDIM",
    "UniPC",
    "LCM",
    "TCD",
    "DDPM",
)


def signal_of(scheduler, timestep: float) -> float:
    """ᾱ at a timestep, between whole ones as the samplers of second order interpolate: linear in log σ."""
    alphas = scheduler.alphas_cumprod.double()
    if timestep == int(timestep):
        return float(alphas[int(timestep)])
    logs = torch.log((1 - alphas) / alphas) / 2
    low = min(int(timestep), len(logs) - 1)
    high = min(low + 1, len(logs) - 1)
    log = logs[low] + (timestep - low) * (logs[high] - logs[low])
    return float(1 / (1 + torch.exp(2 * log)))


def sampled(scheduler, spread: float | None, truth: torch.Tensor, steps: int = STEPS) -> torch.Tensor:
    """What a sampler ends at. spread None: the model knows the truth; else the best guess for latents of that spread."""
    scheduler.set_timesteps(steps)
    noise = torch.randn(truth.shape, generator=torch.Generator().manual_seed(2))
    sample = noise * float(scheduler.init_noise_sigma)
    generator = torch.Generator().manual_seed(3)
    for timestep in scheduler.timesteps:
        seen = scheduler.scale_model_input(sample, timestep)
        signal = signal_of(scheduler, float(timestep))
        alpha, sigma = signal**0.5, max((1 - signal) ** 0.5, 1e-6)
        if spread is None:
            clean, epsilon = truth, (seen - alpha * truth) / sigma
        else:
            clean = alpha * spread**2 / (signal * spread**2 + 1 - signal) * seen
            epsilon = (seen - alpha * clean) / sigma
        output = epsilon if scheduler.config.prediction_type == "epsilon" else alpha * epsilon - sigma * clean
        takes = "generator" in type(scheduler).step.__code__.co_varnames
        sample = scheduler.step(output, timestep, sample, **({"generator": generator} if takes else {})).prev_sample
    return sample


def latents() -> torch.Tensor:
    return torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(1))


def scheduler_for(name: str, config: dict):
    return make_scheduler(choose_scheduler(name, STEPS, karras=False, spacing=None), config, [7])


def test_the_built_in_configuration_is_the_published_one():
    for part in ("base", "refiner"):
        assert json.loads((CONFIG / part / "scheduler" / "scheduler_config.json").read_text()) == PUBLISHED


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("name", scheduler_names())
def test_with_a_model_that_knows_the_truth_every_sampler_ends_at_it(name, kind):
    truth = latents()
    ended = sampled(scheduler_for(name, {"prediction_type": kind}), None, truth)
    assert (ended - truth).pow(2).mean().sqrt() < 0.06
    assert abs(ended.std() / truth.std() - 1) < 0.03


@pytest.mark.parametrize("name", ZERO_SNR)
def test_with_zero_terminal_snr_too(name):
    config = with_prediction({}, Prediction("v_prediction", zero_snr=True))
    scheduler = scheduler_for(name, config)
    assert float(scheduler.alphas_cumprod[-1]) < 1e-6
    truth = latents()
    assert (sampled(scheduler, None, truth) - truth).pow(2).mean().sqrt() < 0.06


def test_the_samplers_without_zero_terminal_snr_say_so():
    refused = []
    for name in scheduler_names():
        try:
            require_zero_terminal_snr(choose_scheduler(name, STEPS, karras=False, spacing=None))
        except ContractError as error:
            assert (error.code, error.field) == ("unsupported_feature", "/scheduler/type")
            refused.append(name)
    assert sorted([*refused, *ZERO_SNR]) == sorted(scheduler_names())


GOLDEN = {
    "DPM++ 2M": 0.33890,
    "DPM++ 2M Karras": 0.40672,
    "DPM++ 2M SDE": 0.33969,
    "DPM++ 2M SDE Karras": 0.42701,
    "DPM++ 2S": 0.32212,
    "DPM++ SDE": 0.35086,
    "DPM++ SDE Karras": 0.38331,
    "Euler": 0.32723,
    "Euler a": 0.29696,
    "Heun": 0.40169,
    "LMS": 0.38969,
    "DDIM": 0.32867,
    "PNDM": 0.38147,
    "UniPC": 0.34031,
    "DEIS": 0.34678,
    "KDPM2": 0.41752,
    "KDPM2 a": 0.46086,
    "LCM": 0.23880,
    "TCD": 0.30700,
    "DDPM": 0.29696,
}


@pytest.mark.parametrize("name", scheduler_names())
def test_golden_values(name):
    """Mean size of the latents that a model of latents of spread 0.5 ends at, by the published configuration."""
    ended = sampled(scheduler_for(name, {}), 0.5, latents())
    assert float(ended.abs().mean()) == pytest.approx(GOLDEN[name], rel=2e-3)


@pytest.mark.parametrize("name", scheduler_names())
def test_a_silent_configuration_means_the_published_one(name):
    silent = scheduler_for(name, {"_class_name": "EulerDiscreteScheduler"})
    assert dict(silent.config) == dict(scheduler_for(name, PUBLISHED).config)
    assert not silent.config.get("clip_sample") and silent.config.get("set_alpha_to_one") is False


@pytest.mark.parametrize("name", scheduler_names())
def test_the_sampler_that_a_model_was_saved_with_does_not_reach_another(name):
    saved = diffusers.DPMSolverMultistepScheduler(
        algorithm_type="sde-dpmsolver++", solver_order=3, use_karras_sigmas=True, beta_start=0.00085, beta_end=0.012
    )
    saved.register_to_config(beta_schedule="scaled_linear", use_beta_sigmas=True, timestep_spacing="trailing")
    own = {key: value for key, value in saved.config.items() if key not in ("prediction_type", "steps_offset")}
    one, other = dict(scheduler_for(name, own).config), dict(scheduler_for(name, PUBLISHED).config)
    for key in ("algorithm_type", "solver_order", "use_karras_sigmas", "use_beta_sigmas", "timestep_spacing"):
        assert one.get(key) == other.get(key), key
