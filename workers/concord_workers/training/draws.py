"""Every random draw of a training, as a pure function of the seed and of where it is drawn.

No draw depends on earlier uses of a generator, so that stopping and resuming cannot change one. All draws are made on the
CPU and then moved, so that they are the same on every device.
"""

from __future__ import annotations

import hashlib

import torch

__all__ = ["batches", "generator"]


def generator(seed: int, *place: int | str) -> torch.Generator:
    """A CPU generator seeded by the training's seed and a place such as ("noise", step, index)."""
    text = "/".join(str(part) for part in (seed, *place))
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return torch.Generator("cpu").manual_seed(int.from_bytes(digest, "big") >> 1)


def batches(seed: int, step: int, pictures: int, batch_size: int, accumulation: int) -> list[list[int]]:
    """The micro-batches of an optimiser step (counted from 0): picture indices, at most batch_size each.

    Each epoch goes through all pictures once, in its own order; its last step takes what is left.
    """
    per_step = batch_size * accumulation
    per_epoch = -(-pictures // per_step)
    epoch, place = divmod(step, per_epoch)
    order = torch.randperm(pictures, generator=generator(seed, "order", epoch)).tolist()
    chosen = order[place * per_step : (place + 1) * per_step]
    return [chosen[start : start + batch_size] for start in range(0, len(chosen), batch_size)]
