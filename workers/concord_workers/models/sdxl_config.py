"""Writes the real SDXL base and refiner configuration folders: JSON and CLIP tokenizer files, no weights.

`python sdxl_config.py DIR` makes `DIR/base` and `DIR/refiner`. A single-file checkpoint of the real architecture is
read with them offline. The CLIP vocabulary comes from the `open-clip-torch` package, which `setup.sh` installs for its
data file alone. Both text encoders get eos_token_id 49407: with the published value 2 the pooled embedding of a prompt
with a textual inversion token is taken at the wrong place.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

__all__ = ["BASE_UNET", "PUBLISHED_SCHEDULER", "write_config"]

BASE_UNET: dict[str, Any] = {
    "_class_name": "UNet2DConditionModel",
    "sample_size": 128,
    "in_channels": 4,
    "out_channels": 4,
    "layers_per_block": 2,
    "block_out_channels": [320, 640, 1280],
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "attention_head_dim": [5, 10, 20],
    "transformer_layers_per_block": [1, 2, 10],
    "cross_attention_dim": 2048,
    "use_linear_projection": True,
    "norm_num_groups": 32,
    "norm_eps": 1e-5,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
    "act_fn": "silu",
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "downsample_padding": 1,
    "mid_block_scale_factor": 1,
}
_REFINER_UNET: dict[str, Any] = BASE_UNET | {
    "block_out_channels": [384, 768, 1536, 1536],
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "attention_head_dim": [6, 12, 24, 24],
    "transformer_layers_per_block": 4,
    "cross_attention_dim": 1280,
    "projection_class_embeddings_input_dim": 2560,
}
_VAE: dict[str, Any] = {
    "_class_name": "AutoencoderKL",
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": 4,
    "block_out_channels": [128, 256, 512, 512],
    "layers_per_block": 2,
    "norm_num_groups": 32,
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
    "act_fn": "silu",
    "sample_size": 1024,
    "scaling_factor": 0.13025,
    "force_upcast": True,
}
_TEXT_ENCODER: dict[str, Any] = {
    "architectures": ["CLIPTextModel"],
    "model_type": "clip_text_model",
    "vocab_size": 49408,
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "max_position_embeddings": 77,
    "hidden_act": "quick_gelu",
    "projection_dim": 768,
    "layer_norm_eps": 1e-5,
    "bos_token_id": 49406,
    "eos_token_id": 49407,
    "pad_token_id": 1,
}
_TEXT_ENCODER_2: dict[str, Any] = _TEXT_ENCODER | {
    "architectures": ["CLIPTextModelWithProjection"],
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "hidden_act": "gelu",
    "projection_dim": 1280,
}
PUBLISHED_SCHEDULER: dict[str, Any] = {
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
"""The scheduler configuration that SDXL 1.0 was published with, base and refiner alike.

Members that a model's own configuration lacks come from here. The defaults of the classes are those of other models,
and clip latents to ±1, for example.
"""


def _bytes_to_unicode() -> list[str]:
    """The 256 printable characters that stand for bytes in a CLIP vocabulary, in its order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    code_points, extra = printable[:], 0
    for byte in range(256):
        if byte not in printable:
            printable.append(byte)
            code_points.append(256 + extra)
            extra += 1
    return [chr(code_point) for code_point in code_points]


def _clip_vocabulary() -> tuple[list[str], list[tuple[str, ...]]]:
    """The 49408 tokens of CLIP and its merges, from the data file of the `open-clip-torch` package."""
    spec = importlib.util.find_spec("open_clip")
    if spec is None or spec.origin is None:
        raise SystemExit("sdxl_config: open-clip-torch is not installed; run setup.sh")
    packed = (Path(spec.origin).parent / "bpe_simple_vocab_16e6.txt.gz").read_bytes()
    lines = gzip.decompress(packed).decode("utf-8").split("\n")
    merges = [tuple(line.split()) for line in lines[1 : 49152 - 256 - 2 + 1]]
    tokens = _bytes_to_unicode()
    tokens += [token + "</w>" for token in tokens]
    tokens += ["".join(merge) for merge in merges]
    return [*tokens, "<|startoftext|>", "<|endoftext|>"], merges


def _write_json(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")


def _write_tokenizer(folder: Path, pad_token: str) -> None:
    tokens, merges = _clip_vocabulary()
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = {token: index for index, token in enumerate(tokens)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(merge) for merge in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "CLIPTokenizer",
            "bos_token": "<|startoftext|>",
            "eos_token": "<|endoftext|>",
            "unk_token": "<|endoftext|>",
            "pad_token": pad_token,
            "model_max_length": 77,
        },
    )


def write_config(folder: Path, *, refiner: bool) -> None:
    """Writes one configuration folder, as `from_single_file(..., config=folder)` reads it."""
    index: dict[str, Any] = {
        "_class_name": "StableDiffusionXLImg2ImgPipeline" if refiner else "StableDiffusionXLPipeline",
        "force_zeros_for_empty_prompt": not refiner,
        "scheduler": ["diffusers", "EulerDiscreteScheduler"],
        "text_encoder": [None, None] if refiner else ["transformers", "CLIPTextModel"],
        "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer": [None, None] if refiner else ["transformers", "CLIPTokenizer"],
        "tokenizer_2": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    if refiner:
        index["requires_aesthetics_score"] = True
    _write_json(folder / "model_index.json", index)
    _write_json(folder / "unet" / "config.json", _REFINER_UNET if refiner else BASE_UNET)
    _write_json(folder / "vae" / "config.json", _VAE)
    _write_json(folder / "scheduler" / "scheduler_config.json", {"_class_name": "EulerDiscreteScheduler"} | PUBLISHED_SCHEDULER)
    if not refiner:
        _write_json(folder / "text_encoder" / "config.json", _TEXT_ENCODER)
        _write_tokenizer(folder / "tokenizer", "<|endoftext|>")
    _write_json(folder / "text_encoder_2" / "config.json", _TEXT_ENCODER_2)
    _write_tokenizer(folder / "tokenizer_2", "!")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write_config(target / "base", refiner=False)
    write_config(target / "refiner", refiner=True)
