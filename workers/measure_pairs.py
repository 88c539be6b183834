"""What pairs of times say about two ways of doing one thing, and how sure it is."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable
from typing import Any

__all__ = ["compare"]

_RESAMPLINGS = 4000
Ratio = Callable[[list[float], list[float]], float]


def _of_totals(bare: list[float], ours: list[float]) -> float:
    return sum(bare) / sum(ours)


def compare(bare: list[float], ours: list[float], goal: float) -> dict[str, Any]:
    """Throughput of ours against bare's. bare, ours: seconds of the same work, pair by pair; at least two pairs.

    `throughput_ratio` is pictures a second against pictures a second, over all pairs: slow ones count. Its interval holds 95 %
    of what resampled pairs give. `goal` is `met` if the whole interval reaches it, `missed` if none of it does, else
    `undecided`. The other ratios are there to be looked at; none of them decides.
    """
    if len(bare) != len(ours) or len(bare) < 2:
        raise ValueError(f"pairs are needed, two at least: {len(bare)} and {len(ours)} times")
    low, high = _interval(bare, ours, _of_totals)
    return {
        "pairs": len(bare),
        "bare_per_second": len(bare) / sum(bare),
        "gateway_per_second": len(ours) / sum(ours),
        "throughput_ratio": _of_totals(bare, ours),
        "throughput_ratio_95": [low, high],
        "goal": "met" if low >= goal else "missed" if high < goal else "undecided",
        "gateway_faster_in": sum(our < alone for alone, our in zip(bare, ours, strict=True)),
        "ratio_of_medians": statistics.median(bare) / statistics.median(ours),
        "median_of_pairs": statistics.median(alone / our for alone, our in zip(bare, ours, strict=True)),
        "ratio_of_best": min(bare) / min(ours),
    }


def _interval(bare: list[float], ours: list[float], ratio: Ratio) -> tuple[float, float]:
    """Between which two values 95 % of the ratios of resampled pairs lie; the same for the same times."""
    chance = random.Random(0)
    found = []
    for _ in range(_RESAMPLINGS):
        chosen = chance.choices(range(len(bare)), k=len(bare))
        found.append(ratio([bare[index] for index in chosen], [ours[index] for index in chosen]))
    found.sort()
    cut = round(_RESAMPLINGS * 0.025)
    return found[cut], found[-cut - 1]
