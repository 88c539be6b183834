"""Every sampler in a whole job: it runs its steps, repeats, differs from the others, and gives each picture its own noise."""

from __future__ import annotations

import pytest
from bench import difference, pixels

from concord_workers.schedulers.scheduler_factory import scheduler_names

# In the test command a sampler of each kind stands for the others.
LONG_SAMPLERS = [
    pytest.param(name, marks=pytest.mark.long) for name in scheduler_names() if name not in ("Euler a", "DPM++ SDE", "PNDM")
]


@pytest.mark.parametrize(
    "name", ["Euler a", "DPM++ SDE", "DPM++ 2M SDE", "LCM", pytest.param("KDPM2 a", marks=pytest.mark.long)]
)
def test_noise_of_a_sampler_is_each_picture_s_own(engine, name):
    batch = engine.run(hyperparameters={"batch_size": 2, "seed": 7}, scheduler={"type": name})
    for index, path in enumerate(batch["images"]):
        single = engine.picture(hyperparameters={"seed": 7 + index}, scheduler={"type": name})
        assert difference(pixels(path), single) <= 1


@pytest.fixture(scope="module")
def by_sampler(engine):
    """The result of a job by its sampler, run once each."""
    known: dict[str, dict] = {}

    def of(name: str) -> dict:
        if name not in known:
            known[name] = engine.run(scheduler={"type": name, "steps": 5, "timestep_spacing": None})
        return known[name]

    return of


@pytest.mark.parametrize("name", scheduler_names())
def test_every_sampler_runs_its_steps(by_sampler, name):
    assert by_sampler(name)["steps_used"] == 5
    assert by_sampler(name)["scheduler_used"] == name


def test_samplers_all_differ(by_sampler):
    pictures = {name: pixels(by_sampler(name)["images"][0]) for name in scheduler_names()}
    names = list(pictures)
    same = {frozenset((a, b)) for i, a in enumerate(names) for b in names[i + 1 :] if difference(pictures[a], pictures[b]) == 0}
    # Ancestral sampling by two formulas: they differ by rounding alone, and on some processors not even by that.
    assert same <= {frozenset(("Euler a", "DDPM"))}


@pytest.mark.parametrize("name", ["Euler a", "DPM++ SDE", "PNDM", *LONG_SAMPLERS])
def test_a_sampler_repeats(engine, by_sampler, name):
    again = engine.picture(scheduler={"type": name, "steps": 5, "timestep_spacing": None})
    assert difference(again, pixels(by_sampler(name)["images"][0])) == 0


def test_karras_by_flag_is_karras_by_name(engine):
    flag = engine.run(scheduler={"type": "DPM++ 2M", "karras_sigmas": True})
    name = engine.run(scheduler={"type": "DPM++ 2M Karras"})
    assert flag["scheduler_used"] == name["scheduler_used"] == "DPM++ 2M Karras"
    assert difference(pixels(flag["images"][0]), pixels(name["images"][0])) == 0
