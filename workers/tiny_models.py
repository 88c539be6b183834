"""Builds tiny random-weight models of every kind that the workers load, in the real SDXL layouts.

`python tiny_models.py DIR` makes a model root in which each is found by its id:

    sdxl_base/ sdxl_base_b/        diffusers folders; sdxl_base_file.safetensors is sdxl_base as a single file (fp16)
    sdxl_refiner/                  diffusers folder; sdxl_refiner_file.safetensors the same as a single file
    sdxl_vae/                      another VAE; sdxl_vae_file.safetensors the same as a separate file
    controlnet_<type>/             one for each type of the contract, its zero convolutions filled
    lora_style.safetensors         diffusers layout, UNet and both text encoders; lora_kohya.safetensors: kohya's
    ti_style.safetensors           textual inversion {clip_l, clip_g} of two vectors
    Real-ESRGAN.safetensors ESRGAN.safetensors   upscaling nets (x4, x2)
    safety_checker/ safety_checker_flag_all/     one flags nothing, the other everything
    tokenizer_alt/ text_encoder_alt/ text_encoder_2_alt/   replacements for single components

The topology is SDXL's (3 UNet levels, text_time conditioning, VAE factor 8, two text encoders of different widths);
only the widths are small. Random weights give noise: they prove wiring, not beauty. The same version of this file
writes the same weights; a root that it made already is left alone.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

import torch
from safetensors.torch import load_file, save_file

from concord_workers.models.sdxl_config import _bytes_to_unicode as bytes_to_unicode
from tiny_layouts import (
    lora_to_kohya,
    text_encoder_2_to_sgm,
    text_encoder_to_sgm,
    unet_to_sgm,
    vae_to_sgm,
)
from tiny_stamp import STAMP, is_current, version

WIDTH_L, WIDTH_G, PROJECTION = 32, 48, 40  # all different on purpose: swapped encoders fail loudly
TIME_WIDTH = 8
CONTROL_NET_TYPES = "canny depth openpose lineart scribble softedge normal mlsd segmentation tile inpaint".split()
_WORDS = ("a", "photo", "of", "cat", "dog", "red", "blue", "castle", "sks")


def write_tokenizer(folder: Path, pad_token: str = "<|endoftext|>", words: tuple[str, ...] = _WORDS) -> Any:
    """A CLIP byte-level tokenizer with all 256 bytes (any text has tokens) and a few whole words."""
    from transformers import CLIPTokenizer

    tokens = bytes_to_unicode()
    tokens += [token + "</w>" for token in tokens]
    merges: list[tuple[str, str]] = []
    for word in words:
        parts = [*word[:-1], word[-1] + "</w>"]
        while len(parts) > 1:
            pair = (parts[0], parts[1])
            if pair not in merges:
                merges.append(pair)
                tokens.append("".join(pair))
            parts = ["".join(pair), *parts[2:]]
    tokens = [*dict.fromkeys(tokens), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=merges, pad_token=pad_token, model_max_length=77)
    tokenizer.save_pretrained(folder)
    return tokenizer


def make_text_encoders(tokenizer: Any) -> tuple[Any, Any]:
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    common = {
        "vocab_size": len(tokenizer),
        "intermediate_size": 64,
        "num_attention_heads": 4,
        "num_hidden_layers": 3,
        "max_position_embeddings": 77,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "initializer_factor": 4.0,  # so that one word more moves the picture
    }
    config_l = CLIPTextConfig(hidden_size=WIDTH_L, hidden_act="quick_gelu", projection_dim=WIDTH_L, **common)
    config_g = CLIPTextConfig(hidden_size=WIDTH_G, hidden_act="gelu", projection_dim=PROJECTION, **common)
    return CLIPTextModel(config_l).eval(), CLIPTextModelWithProjection(config_g).eval()


def make_vae(seed: int) -> Any:
    from diffusers import AutoencoderKL

    torch.manual_seed(seed)
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        sample_size=64,
        scaling_factor=0.13025,
        force_upcast=True,
    ).eval()
    with torch.no_grad():
        vae.decoder.conv_out.weight.mul_(1.5)  # fills the 8-bit range, so that effects are not rounded away
    return vae


def make_unet(*, refiner: bool) -> Any:
    from diffusers import UNet2DConditionModel

    ids = 5 if refiner else 6
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        layers_per_block=2,
        block_out_channels=(16, 32, 32),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4, 4),
        transformer_layers_per_block=(1, 1, 2),
        use_linear_projection=True,
        norm_num_groups=8,
        addition_embed_type="text_time",
        addition_time_embed_dim=TIME_WIDTH,
        projection_class_embeddings_input_dim=ids * TIME_WIDTH + PROJECTION,
        cross_attention_dim=WIDTH_G if refiner else WIDTH_L + WIDTH_G,
    ).eval()
    with torch.no_grad():
        for name, parameter in unet.named_parameters():
            if "attn2.to_out.0.weight" in name or "attn2.to_v.weight" in name:
                parameter.mul_(3.0)
    return unet


def make_scheduler() -> Any:
    from diffusers import EulerDiscreteScheduler

    return EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        num_train_timesteps=1000,
        prediction_type="epsilon",
        timestep_spacing="leading",
        steps_offset=1,
        interpolation_type="linear",
    )


def build_base(folder: Path, seed: int) -> Any:
    from diffusers import StableDiffusionXLPipeline

    torch.manual_seed(seed)
    tokenizer = write_tokenizer(folder / "tokenizer")
    tokenizer_2 = write_tokenizer(folder / "tokenizer_2", pad_token="!")
    text_encoder, text_encoder_2 = make_text_encoders(tokenizer)
    unet = make_unet(refiner=False)
    pipeline = StableDiffusionXLPipeline(
        vae=make_vae(seed),
        unet=unet,
        scheduler=make_scheduler(),
        text_encoder=text_encoder,
        text_encoder_2=text_encoder_2,
        tokenizer=tokenizer,
        tokenizer_2=tokenizer_2,
        force_zeros_for_empty_prompt=True,
        add_watermarker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return pipeline


def build_refiner(folder: Path, seed: int) -> Any:
    from diffusers import StableDiffusionXLImg2ImgPipeline

    torch.manual_seed(seed)
    tokenizer = write_tokenizer(folder / "tokenizer_2", pad_token="!")
    _, text_encoder_2 = make_text_encoders(tokenizer)
    unet = make_unet(refiner=True)
    pipeline = StableDiffusionXLImg2ImgPipeline(
        vae=make_vae(seed),
        unet=unet,
        scheduler=make_scheduler(),
        text_encoder=None,
        text_encoder_2=text_encoder_2,
        tokenizer=None,
        tokenizer_2=tokenizer,
        requires_aesthetics_score=True,
        force_zeros_for_empty_prompt=False,
        add_watermarker=False,
    )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return pipeline


def save_single_file(pipeline: Any, path: Path, *, refiner: bool) -> None:
    """The pipeline as an original checkpoint in fp16, with its configuration folder `<stem>.config` beside it."""
    weights = unet_to_sgm(pipeline.unet.state_dict()) | vae_to_sgm(pipeline.vae.state_dict())
    if refiner:
        weights |= text_encoder_2_to_sgm(pipeline.text_encoder_2.state_dict(), "conditioner.embedders.0.model.")
    else:
        weights |= text_encoder_to_sgm(pipeline.text_encoder.state_dict())
        weights |= text_encoder_2_to_sgm(pipeline.text_encoder_2.state_dict(), "conditioner.embedders.1.model.")
    half = {key: (t.half() if t.is_floating_point() else t).clone().contiguous() for key, t in weights.items()}
    architecture = "stable-diffusion-xl-v1-refiner" if refiner else "stable-diffusion-xl-v1-base"
    save_file(half, path, metadata={"modelspec.architecture": architecture})


def copy_config(source: Path, target: Path) -> None:
    """The folder without its weights: what a single-file checkpoint of this size needs beside it."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.safetensors"))


def build_control_net(folder: Path, unet: Any, seed: int) -> None:
    from diffusers import ControlNetModel

    torch.manual_seed(seed)
    net = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4, 8, 8, 16))
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            # A fresh ControlNet is a no-op by its zero convolutions.
            if "cond_embedding" in name and parameter.ndim > 1:
                parameter.normal_(std=(2.0 / parameter[0].numel()) ** 0.5)  # keeps the control image's strength
            elif "controlnet_" in name and parameter.ndim > 1:
                parameter.normal_(std=0.15)
    net.save_pretrained(folder)


def make_lora(base: Path, seed: int, rank: int = 4) -> dict[str, torch.Tensor]:
    """Random LoRA weights over the attention of the UNet and both text encoders, in diffusers' layout."""
    from diffusers import StableDiffusionXLPipeline
    from diffusers.utils import convert_state_dict_to_diffusers
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    pipeline = StableDiffusionXLPipeline.from_pretrained(base, dtype=torch.float32, local_files_only=True)
    torch.manual_seed(seed)
    targets = {
        "unet": ["to_k", "to_q", "to_v", "to_out.0"],
        "text_encoder": ["q_proj", "k_proj", "v_proj", "out_proj"],
        "text_encoder_2": ["q_proj", "k_proj", "v_proj", "out_proj"],
    }
    weights: dict[str, torch.Tensor] = {}
    for component, modules in targets.items():
        module = getattr(pipeline, component)
        module.add_adapter(LoraConfig(r=rank, lora_alpha=rank, init_lora_weights="gaussian", target_modules=modules))
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                if "lora_B" in name:
                    parameter.normal_(std=0.3)
        state = convert_state_dict_to_diffusers(get_peft_model_state_dict(module))
        weights |= {f"{component}.{key}": tensor.contiguous() for key, tensor in state.items()}
    return weights


def real_esrgan_weights(filters: int = 8, growth: int = 32) -> dict[str, torch.Tensor]:
    """An RRDBNet x4 of one block under the names of Real-ESRGAN; readers assume a growth of 32 channels."""
    shapes: dict[str, tuple[int, int]] = {"conv_first": (filters, 3)}
    for dense in (1, 2, 3):
        for layer in range(1, 6):
            width = filters if layer == 5 else growth
            shapes[f"body.0.rdb{dense}.conv{layer}"] = (width, filters + growth * (layer - 1))
    shapes |= {name: (filters, filters) for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr")}
    shapes["conv_last"] = (3, filters)
    weights: dict[str, torch.Tensor] = {}
    for name, (outputs, inputs) in shapes.items():
        weights[f"{name}.weight"] = torch.randn(outputs, inputs, 3, 3) / (9 * inputs) ** 0.5
        weights[f"{name}.bias"] = torch.full((outputs,), 0.1)
    return weights


def esrgan_weights(scale: int) -> dict[str, torch.Tensor]:
    """An RRDBNet of one block under the names of the first ESRGAN."""
    from spandrel.architectures.ESRGAN import ESRGAN

    net = ESRGAN(in_nc=3, out_nc=3, num_filters=8, num_blocks=1, scale=scale)
    return {key: tensor.contiguous() for key, tensor in net.state_dict().items()}


def build_safety_checker(folder: Path, concept_weight: float) -> None:
    """A tiny checker; thresholds of 2 flag nothing, of −2 everything."""
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPConfig, CLIPImageProcessor

    torch.manual_seed(0)
    tower = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2, "num_hidden_layers": 1}
    config = CLIPConfig(
        projection_dim=8,
        text_config=tower,
        vision_config=tower | {"image_size": 32, "patch_size": 16},
    )
    checker = StableDiffusionSafetyChecker(config)
    with torch.no_grad():
        checker.concept_embeds_weights.fill_(concept_weight)
        checker.special_care_embeds_weights.fill_(2.0)
        checker.concept_embeds.normal_()
        checker.special_care_embeds.normal_()
    checker.save_pretrained(folder)
    size = {"height": 32, "width": 32}
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=size).save_pretrained(folder)


def build_all(root: Path) -> None:
    base = build_base(root / "sdxl_base", seed=0)
    save_single_file(base, root / "sdxl_base_file.safetensors", refiner=False)
    copy_config(root / "sdxl_base", root / "sdxl_base_file.config")
    build_base(root / "sdxl_base_b", seed=1)
    refiner = build_refiner(root / "sdxl_refiner", seed=2)
    save_single_file(refiner, root / "sdxl_refiner_file.safetensors", refiner=True)
    copy_config(root / "sdxl_refiner", root / "sdxl_refiner_file.config")

    vae = make_vae(seed=3)
    vae.save_pretrained(root / "sdxl_vae")
    half = {key: tensor.half() for key, tensor in vae_to_sgm(vae.state_dict(), prefix="").items()}
    save_file(half, root / "sdxl_vae_file.safetensors")
    copy_config(root / "sdxl_vae", root / "sdxl_vae_file.config")

    for seed, name in enumerate(CONTROL_NET_TYPES, start=10):
        build_control_net(root / f"controlnet_{name}", base.unet, seed)

    lora = make_lora(root / "sdxl_base", seed=30)
    save_file(lora, root / "lora_style.safetensors")
    save_file(lora_to_kohya(make_lora(root / "sdxl_base", seed=31), alpha=4.0), root / "lora_kohya.safetensors")

    torch.manual_seed(40)
    inversion = {"clip_l": torch.randn(2, WIDTH_L) * 0.5, "clip_g": torch.randn(2, WIDTH_G) * 0.5}
    save_file(inversion, root / "ti_style.safetensors")

    torch.manual_seed(50)
    save_file(real_esrgan_weights(), root / "Real-ESRGAN.safetensors")
    save_file(esrgan_weights(scale=2), root / "ESRGAN.safetensors")
    build_safety_checker(root / "safety_checker", 2.0)
    build_safety_checker(root / "safety_checker_flag_all", -2.0)

    write_tokenizer(root / "tokenizer_alt", words=_WORDS[::-1])
    torch.manual_seed(60)
    text_encoder, text_encoder_2 = make_text_encoders(base.tokenizer)
    text_encoder.save_pretrained(root / "text_encoder_alt")
    text_encoder_2.save_pretrained(root / "text_encoder_2_alt")
    # safetensors writes files for their owner alone; other workers of the host read them too.
    for file in root.rglob("*.safetensors"):
        file.chmod(0o644)
    _check(root)


def _check(root: Path) -> None:
    for file in root.rglob("*.safetensors"):
        for key, tensor in load_file(file).items():
            if tensor.is_floating_point() and not torch.isfinite(tensor).all():
                raise SystemExit(f"tiny_models: {file.name}: {key} is not finite")


def main() -> None:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "tiny-models").absolute()
    if is_current(root):
        print(f"tiny_models: {root.name} is up to date", file=sys.stderr)
        return
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    torch.set_num_threads(1)
    root.parent.mkdir(parents=True, exist_ok=True)
    # Made beside and moved: a worker that has the old files mapped never sees half a model.
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=f".{root.name}-") as scratch:
        fresh = Path(scratch) / "models"
        fresh.mkdir()
        build_all(fresh)
        (fresh / STAMP).write_text(version())
        if root.exists():
            root.rename(Path(scratch) / "old")
        fresh.rename(root)
    names = sorted(path.name for path in root.iterdir() if not path.name.startswith("."))
    print(json.dumps({"root": root.name, "models": names}), file=sys.stderr)


if __name__ == "__main__":
    main()
