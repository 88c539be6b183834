"""State dictionaries in the layouts that checkpoints in the wild have: original "sgm" single files, kohya LoRAs.

Used by `tiny_models.py` alone, so that tests take the converters' real paths.
"""

from __future__ import annotations

import re

import torch

Weights = dict[str, torch.Tensor]

_RESNET_NAMES = [
    ("norm1", "in_layers.0"),
    ("conv1", "in_layers.2"),
    ("norm2", "out_layers.0"),
    ("conv2", "out_layers.3"),
    ("time_emb_proj", "emb_layers.1"),
    ("conv_shortcut", "skip_connection"),
]
_UNET_STEMS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}


def _unet_prefixes(weights: Weights, levels: int, layers: int) -> dict[str, str]:
    """diffusers' block prefixes → the original's, for a UNet of `levels` levels with `layers` ResNets each."""
    prefixes: dict[str, str] = {}
    for i in range(levels):
        for j in range(layers):
            block = (layers + 1) * i + j + 1
            prefixes[f"down_blocks.{i}.resnets.{j}."] = f"input_blocks.{block}.0."
            prefixes[f"down_blocks.{i}.attentions.{j}."] = f"input_blocks.{block}.1."
        prefixes[f"down_blocks.{i}.downsamplers.0.conv."] = f"input_blocks.{(layers + 1) * (i + 1)}.0.op."
        has_attention = any(key.startswith(f"up_blocks.{i}.attentions.") for key in weights)
        for j in range(layers + 1):
            block = (layers + 1) * i + j
            prefixes[f"up_blocks.{i}.resnets.{j}."] = f"output_blocks.{block}.0."
            prefixes[f"up_blocks.{i}.attentions.{j}."] = f"output_blocks.{block}.1."
        upsampler = 2 if has_attention else 1
        prefixes[f"up_blocks.{i}.upsamplers.0."] = f"output_blocks.{(layers + 1) * i + layers}.{upsampler}."
    prefixes["mid_block.attentions.0."] = "middle_block.1."
    for j in range(2):
        prefixes[f"mid_block.resnets.{j}."] = f"middle_block.{2 * j}."
    return prefixes


def unet_to_sgm(weights: Weights, levels: int = 3, layers: int = 2) -> Weights:
    """A diffusers UNet's weights under the names of a single-file checkpoint."""
    prefixes = _unet_prefixes(weights, levels, layers)
    out: Weights = {}
    for key, tensor in weights.items():
        stem, _, leaf = key.rpartition(".")
        if stem in _UNET_STEMS:
            name = f"{_UNET_STEMS[stem]}.{leaf}"
        else:
            prefix = next(prefix for prefix in prefixes if key.startswith(prefix))
            rest = key[len(prefix) :]
            if ".resnets." in prefix:
                for ours, theirs in _RESNET_NAMES:
                    if rest.startswith(ours + "."):
                        rest = theirs + rest[len(ours) :]
            name = prefixes[prefix] + rest
        out["model.diffusion_model." + name] = tensor.contiguous()
    return out


def vae_to_sgm(weights: Weights, levels: int = 4, prefix: str = "first_stage_model.") -> Weights:
    """A diffusers VAE's weights under the original names; `prefix=""` gives a separate VAE file."""
    out: Weights = {}
    for key, tensor in weights.items():
        name = re.sub(r"encoder\.down_blocks\.(\d+)\.resnets\.(\d+)", r"encoder.down.\1.block.\2", key)
        name = re.sub(r"encoder\.down_blocks\.(\d+)\.downsamplers\.0", r"encoder.down.\1.downsample", name)
        name = re.sub(
            r"decoder\.up_blocks\.(\d+)\.resnets\.(\d+)",
            lambda m: f"decoder.up.{levels - 1 - int(m[1])}.block.{m[2]}",
            name,
        )
        name = re.sub(
            r"decoder\.up_blocks\.(\d+)\.upsamplers\.0", lambda m: f"decoder.up.{levels - 1 - int(m[1])}.upsample", name
        )
        name = re.sub(r"mid_block\.resnets\.(\d+)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
        name = name.replace("mid_block.attentions.0", "mid.attn_1").replace("conv_shortcut", "nin_shortcut")
        name = name.replace("conv_norm_out", "norm_out")
        value = tensor
        if "mid.attn_1" in name:
            for ours, theirs in (
                ("group_norm", "norm"),
                ("to_q", "q"),
                ("to_k", "k"),
                ("to_v", "v"),
                ("to_out.0", "proj_out"),
            ):
                name = name.replace("attn_1." + ours, "attn_1." + theirs)
            if value.ndim == 2:
                value = value[:, :, None, None]
        out[prefix + name] = value.contiguous()
    return out


def text_encoder_to_sgm(weights: Weights) -> Weights:
    """CLIP-L under the name it has inside a base checkpoint."""
    stem = "conditioner.embedders.0.transformer.text_model."
    return {stem + key.removeprefix("text_model."): tensor.contiguous() for key, tensor in weights.items()}


def text_encoder_2_to_sgm(weights: Weights, prefix: str) -> Weights:
    """The second text encoder in OpenCLIP's layout, with its fused q, k, v."""
    out: Weights = {}
    fused: dict[tuple[str, str], Weights] = {}
    for key, tensor in weights.items():
        name = key.removeprefix("text_model.")
        if name == "text_projection.weight":
            out[prefix + "text_projection"] = tensor.T.contiguous()
            continue
        name = name.replace("embeddings.token_embedding.weight", "token_embedding.weight")
        name = name.replace("embeddings.position_embedding.weight", "positional_embedding")
        name = name.replace("final_layer_norm", "ln_final")
        name = re.sub(r"encoder\.layers\.(\d+)\.", r"transformer.resblocks.\1.", name)
        name = name.replace("layer_norm1", "ln_1").replace("layer_norm2", "ln_2")
        name = name.replace("mlp.fc1", "mlp.c_fc").replace("mlp.fc2", "mlp.c_proj")
        if match := re.search(r"(.*)self_attn\.([qkv])_proj\.(weight|bias)", name):
            fused.setdefault((match[1], match[3]), {})[match[2]] = tensor
            continue
        out[prefix + name.replace("self_attn.out_proj", "attn.out_proj")] = tensor.contiguous()
    for (stem, leaf), parts in fused.items():
        out[f"{prefix}{stem}attn.in_proj_{leaf}"] = torch.cat([parts["q"], parts["k"], parts["v"]])
    return out


def lora_to_kohya(weights: Weights, alpha: float, levels: int = 3, layers: int = 2) -> Weights:
    """A diffusers-layout LoRA under kohya's names (`lora_unet_input_blocks_…`, `lora_te1_…`), with `alpha` tensors."""
    blocks = {"mid_block.attentions.0": "middle_block_1"}
    for i in range(levels):
        for j in range(layers):
            blocks[f"down_blocks.{i}.attentions.{j}"] = f"input_blocks_{(layers + 1) * i + j + 1}_1"
        for j in range(layers + 1):
            blocks[f"up_blocks.{i}.attentions.{j}"] = f"output_blocks_{(layers + 1) * i + j}_1"
    out: Weights = {}
    for key, tensor in weights.items():
        direction = "lora_down" if "lora_A" in key or ".down." in key else "lora_up"
        stem = re.sub(r"\.(lora_A|lora_B|lora\.down|lora\.up|lora_linear_layer\.(down|up))\.weight$", "", key)
        if stem.startswith("unet."):
            stem = stem.removeprefix("unet.")
            for ours, theirs in blocks.items():
                if stem.startswith(ours + "."):
                    stem = theirs + stem[len(ours) :]
                    break
            name = "lora_unet_" + stem.replace(".", "_")
        else:
            encoder, _, rest = stem.partition(".")
            number = 2 if encoder == "text_encoder_2" else 1
            name = f"lora_te{number}_text_model_" + rest.removeprefix("text_model.").replace(".", "_")
        out[f"{name}.{direction}.weight"] = tensor
        out[f"{name}.alpha"] = torch.tensor(alpha)
    return out
