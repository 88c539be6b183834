"""The optimiser step, and the state that a checkpoint needs for the same next step."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from diffusers.optimization import get_polynomial_decay_schedule_with_warmup, get_scheduler
from torch.optim.lr_scheduler import LambdaLR

from concord_workers.core.errors import Internal, ModelInvalid
from concord_workers.core.scalar import shorten

from .base import Base
from .checkpoint import Checkpoint
from .defaults import loss_max
from .draws import batches, generator
from .job import TrainingJob
from .latents import CachedLatents
from .technique import Technique, restore

__all__ = ["Trainer"]

log = logging.getLogger(__name__)

BETAS = (0.9, 0.999)
WEIGHT_DECAY = 1e-2
GRADIENT_NORM_MAX = 1.0


class Trainer:
    """AdamW over a technique's weights. `step` counts the optimiser steps that are done."""

    def __init__(
        self, job: TrainingJob, total_steps: int, base: Base, technique: Technique, latents: CachedLatents, fixed_noise: bool
    ) -> None:
        self.step = 0
        self.technique = technique
        self._job = job
        self._base = base
        self._latents = latents
        self._fixed_noise = fixed_noise
        self._noise = base.noise_scheduler()
        if self._noise.config.prediction_type not in ("epsilon", "v_prediction"):
            raise ModelInvalid(
                f"a base that predicts {shorten(str(self._noise.config.prediction_type))} cannot be trained",
                field="/base_model",
            )
        self._weights = list(technique.trained().values())
        self._optimizer = torch.optim.AdamW(self._weights, lr=job.learning_rate, betas=BETAS, weight_decay=WEIGHT_DECAY)
        self._schedule = _schedule(job, self._optimizer, total_steps)
        # Only float16 gradients underflow. The scale is part of the checkpoint.
        self._scaler = torch.amp.GradScaler(base.device.type, enabled=base.dtype == torch.float16)
        if base.device.type != "cpu":
            technique.unet.enable_gradient_checkpointing()
        technique.unet.train()
        # Diffusers walks over all modules for it, which takes longer than the optimiser; so it is read once.
        self._unet_dtype = technique.unet.dtype

    def advance(self, check: Callable[[], None]) -> tuple[float, float]:
        """One optimiser step; its loss and its learning rate. check is called before each micro-batch and may raise,
        which leaves the weights as they were after the step before."""
        micro_batches = batches(
            self._job.seed, self.step, len(self._latents.latents), self._job.batch_size, self._job.gradient_accumulation
        )
        samples = sum(len(pictures) for pictures in micro_batches)
        self._optimizer.zero_grad(set_to_none=True)
        loss = 0.0
        for pictures in micro_batches:
            check()
            part = self._loss(pictures) * (len(pictures) / samples)
            torch.autograd.backward(self._scaler.scale(part))
            loss += float(part.detach())
        if not loss <= loss_max():  # NaN too
            raise Internal(f"the loss ran away at step {self.step + 1}: {loss}", hint="lower the learning rate and resume")
        learning_rate = self._optimizer.param_groups[0]["lr"]
        self._scaler.unscale_(self._optimizer)
        torch.nn.utils.clip_grad_norm_(self._weights, GRADIENT_NORM_MAX)
        scale = self._scaler.get_scale()
        self._scaler.step(self._optimizer)
        self._scaler.update()
        if self._scaler.get_scale() < scale:
            log.warning("step %d: gradients overflowed float16; the weights stay as they were", self.step + 1)
        self._schedule.step()
        self.step += 1
        return loss, learning_rate

    def checkpoint(self) -> Checkpoint:
        """The present state that the next step depends on."""
        return Checkpoint(
            step=self.step,
            trained={name: weight.detach() for name, weight in self.technique.trained().items()},
            optimizer=self._optimizer.state_dict(),
            schedule=self._schedule.state_dict(),
            scaler=self._scaler.state_dict(),
        )

    def resume(self, checkpoint: Checkpoint) -> None:
        """Loads a checkpoint. The schedule has the length of the present job, so that a longer job has another slope."""
        restore(self.technique, checkpoint.trained)
        self._optimizer.load_state_dict(checkpoint.optimizer)
        self._schedule.load_state_dict(checkpoint.schedule)
        if checkpoint.scaler:
            self._scaler.load_state_dict(checkpoint.scaler)
        for group, rate, factor in zip(
            self._optimizer.param_groups, self._schedule.base_lrs, self._schedule.lr_lambdas, strict=True
        ):
            group["lr"] = rate * factor(self._schedule.last_epoch)
        self.step = checkpoint.step

    def _loss(self, pictures: Sequence[int]) -> torch.Tensor:
        """Mean squared error of the prediction over a batch: scalar, float32, on the device."""
        device = self._base.device
        chosen = list(pictures)
        latents = self._latents.latents[chosen].to(device)
        time_ids = self._latents.time_ids[chosen].to(device)
        noise, timesteps = self._draws(chosen, latents)
        noisy = self._noise.add_noise(latents, noise, timesteps)
        with torch.autocast(device.type, dtype=self._base.dtype, enabled=self._base.dtype != torch.float32):
            states, pooled = self.technique.conditioning(chosen)
            prediction = self.technique.unet(
                noisy.to(self._unet_dtype),
                timesteps,
                states.to(self._unet_dtype),
                added_cond_kwargs={"text_embeds": pooled.to(self._unet_dtype), "time_ids": time_ids},
            ).sample
        epsilon = self._noise.config.prediction_type == "epsilon"
        target = noise if epsilon else self._noise.get_velocity(latents, noise, timesteps)
        return F.mse_loss(prediction.float(), target.float())

    def _draws(self, pictures: Sequence[int], latents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Noise like the latents and one timestep a picture, from the seed, the step and the picture."""
        noise, timesteps = [], []
        for picture in pictures:
            place: tuple[int | str, ...] = ("noise", picture) if self._fixed_noise else ("noise", self.step, picture)
            draws = generator(self._job.seed, *place)
            noise.append(torch.randn(latents.shape[1:], generator=draws))
            timesteps.append(torch.randint(self._noise.config.num_train_timesteps, (1,), generator=draws))
        return torch.stack(noise).to(latents.device), torch.cat(timesteps).to(latents.device)


def _schedule(job: TrainingJob, optimizer: torch.optim.Optimizer, total_steps: int) -> LambdaLR:
    schedule: LambdaLR
    if job.lr_scheduler == "polynomial":
        # diffusers ends at 1e-7 and refuses rates that begin there; the contract allows them.
        schedule = get_polynomial_decay_schedule_with_warmup(optimizer, 0, total_steps, lr_end=0.0)
    else:
        schedule = get_scheduler(job.lr_scheduler, optimizer, num_warmup_steps=0, num_training_steps=total_steps)
    return schedule
