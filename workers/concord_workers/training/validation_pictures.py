"""Validation pictures: the validation prompt, drawn by the model as trained so far."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL

from .base import Base
from .draws import generator
from .job import TrainingJob
from .prompts import CaptionTokens, encode
from .record import write_beside
from .technique import Technique

__all__ = ["draw_validation"]

GUIDANCE_SCALE = 7.5


def draw_validation(
    job: TrainingJob, base: Base, vae: AutoencoderKL, technique: Technique, steps: int, path: Path, check: Callable[[], None]
) -> None:
    """Writes one PNG of resolution x resolution. The same seed each time, so that the pictures of a training can be compared.

    vae: float32. check: called after each denoising step, may raise. Draws nothing from the global generators.
    """
    pipeline = technique.pipeline()
    pipeline.vae = vae
    device = base.device

    def after_step(_pipeline: Any, _index: int, _timestep: Any, kept: dict[str, Any]) -> dict[str, Any]:
        check()
        return kept

    technique.unet.eval()
    try:
        with torch.no_grad(), torch.autocast(device.type, dtype=base.dtype, enabled=base.dtype != torch.float32):
            encoders = (pipeline.text_encoder, pipeline.text_encoder_2)
            tokenizers = (pipeline.tokenizer, pipeline.tokenizer_2)
            tokens = [CaptionTokens(tokenizer, [job.validation_prompt or "", ""]).ids for tokenizer in tokenizers]
            states, pooled = encode(encoders, tokens, device)
            if base.zero_negative:
                states[1], pooled[1] = 0, 0
            latents = pipeline(
                prompt_embeds=states[:1],
                pooled_prompt_embeds=pooled[:1],
                negative_prompt_embeds=states[1:],
                negative_pooled_prompt_embeds=pooled[1:],
                width=job.resolution,
                height=job.resolution,
                num_inference_steps=steps,
                guidance_scale=GUIDANCE_SCALE,
                generator=generator(job.seed, "validation"),
                callback_on_step_end=after_step,
                output_type="latent",
            ).images
        with torch.no_grad():
            decoded = vae.decode(latents.float() / vae.config.scaling_factor, return_dict=False)[0]
        image = pipeline.image_processor.postprocess(decoded, output_type="pil")[0]
    finally:
        technique.unet.train()
    path.parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    image.save(content, format="PNG")
    write_beside(path, content.getvalue())
