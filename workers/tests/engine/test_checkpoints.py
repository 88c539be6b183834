"""Checkpoints as users have them: what a base predicts, how many channels it takes, and what is no SDXL at all."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from bench import Engine, difference
from safetensors.torch import load_file, save_file

from concord_workers.core.errors import ContractError, ModelInvalid
from concord_workers.models.prediction import Prediction

V = {"v_pred": torch.tensor([]), "ztsnr": torch.tensor([])}


@pytest.fixture
def root(tmp_path, tiny):
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copytree(tiny / "sdxl_base", folder / "sdxl_base")
    return folder


@pytest.fixture
def own(root, inputs, tmp_path):
    return Engine(root, inputs, tmp_path / "outputs")


@pytest.fixture
def write(root, tiny):
    """Writes a copy of the tiny single-file base with other keys, metadata and scheduler configuration."""
    weights = load_file(tiny / "sdxl_base_file.safetensors")

    def write(name: str, extra=None, metadata=None, scheduler=None, change=None) -> None:
        tensors = {key: tensor.clone() for key, tensor in weights.items()} | (extra or {})
        save_file(change(tensors) if change else tensors, root / f"{name}.safetensors", metadata=metadata)
        shutil.copytree(tiny / "sdxl_base_file.config", root / f"{name}.config")
        file = root / f"{name}.config" / "scheduler" / "scheduler_config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | (scheduler or {})))

    return write


def v_folder(root, **more) -> None:
    """`v`: the tiny base as a folder whose scheduler predicts v."""
    shutil.copytree(root / "sdxl_base", root / "v")
    file = root / "v" / "scheduler" / "scheduler_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"prediction_type": "v_prediction"} | more))


class TestPrediction:
    @pytest.mark.parametrize(
        ("extra", "metadata", "scheduler", "zero_snr"),
        [
            (V, None, None, True),
            ({"v_pred": torch.tensor([])}, None, None, False),
            (None, {"modelspec.prediction_type": "v"}, None, False),
            (V, {"modelspec.prediction_type": "v"}, {"prediction_type": "v_prediction"}, True),
            (None, None, {"prediction_type": "v_prediction"}, False),
            (None, None, {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}, True),
        ],
    )
    def test_a_file_that_predicts_v_is_known_as_such(self, own, write, extra, metadata, scheduler, zero_snr):
        write("file", extra, metadata, scheduler)
        assert own.loader.describe("file").prediction == Prediction("v_prediction", zero_snr)

    @pytest.mark.parametrize(("extra", "zero_snr"), [(V, True), ({"v_pred": torch.tensor([])}, False)])
    def test_a_file_that_predicts_v_is_sampled_so(self, own, root, write, extra, zero_snr):
        write("file", extra)
        v_folder(root, rescale_betas_zero_snr=zero_snr)
        picture, folder = (own.picture(model={"base": base}, performance={"dtype": "fp32"}) for base in ("file", "v"))
        assert difference(picture, folder) <= 3  # the file is stored in fp16
        assert difference(picture, own.picture()) > 20

    def test_a_training_predicts_so_too(self, own, write):
        from concord_workers.core.job_context import JobContext

        write("file", V)
        config = own.worker.bare_base("file", "fp32", JobContext()).scheduler.config
        assert (config.prediction_type, config.rescale_betas_zero_snr) == ("v_prediction", True)

    def test_epsilon_in_the_metadata_is_epsilon(self, own, write):
        write("file", None, {"modelspec.prediction_type": "epsilon"})
        write("bare")
        assert difference(*(own.picture(model={"base": base}) for base in ("file", "bare"))) == 0

    @pytest.mark.parametrize(
        ("extra", "metadata", "scheduler"),
        [
            (V, {"modelspec.prediction_type": "epsilon"}, None),
            (None, {"modelspec.prediction_type": "epsilon"}, {"prediction_type": "v_prediction"}),
            (None, {"modelspec.prediction_type": "sample"}, None),
            (None, None, {"prediction_type": "sample"}),
            ({"ztsnr": torch.tensor([])}, None, None),
            ({"edm_mean": torch.zeros(4), "edm_std": torch.ones(4)}, None, None),
            ({"edm_vpred.sigma_max": torch.tensor(80.0)}, None, None),
            (None, None, {"_class_name": "EDMEulerScheduler"}),
        ],
    )
    def test_what_contradicts_itself_or_is_not_supported_is_refused(self, own, write, extra, metadata, scheduler):
        write("file", extra, metadata, scheduler)
        assert own.violations(model={"base": "file"}) == [("model_invalid", "/model/base")]
        with pytest.raises(ModelInvalid):
            own.picture(model={"base": "file"})
        row = own.loader.validate_model_files(["file.safetensors"])["results"][0]
        assert not row["is_valid"]

    @pytest.mark.parametrize("sampler", ["DPM++ 2S", "DPM++ SDE", "Heun", "LMS", "PNDM", "DEIS", "KDPM2", "KDPM2 a"])
    def test_samplers_without_zero_terminal_snr_are_refused(self, own, root, write, sampler):
        v_folder(root, rescale_betas_zero_snr=True)
        write("file", V)
        for base in ("v", "file"):
            found = own.violations(model={"base": base}, scheduler={"type": sampler})
            assert found == [("unsupported_feature", "/scheduler/type")]
        v_only = {"v_pred": torch.tensor([])}
        write("without", v_only)
        assert own.violations(model={"base": "without"}, scheduler={"type": sampler}) == []

    def test_a_refiner_of_another_prediction_is_refused(self, own, root, tiny):
        shutil.copytree(tiny / "sdxl_refiner", root / "sdxl_refiner")
        v_folder(root)
        found = own.violations(model={"base": "v", "refiner": "sdxl_refiner"}, hyperparameters={"refiner_start": 0.5})
        assert found == [("model_invalid", "/model/refiner")]

    def test_a_folder_without_a_scheduler_is_refused(self, own, root):
        shutil.rmtree(root / "sdxl_base" / "scheduler")
        assert own.violations() == [("model_invalid", "/model/base")]
        with pytest.raises(ContractError):
            own.picture()


FIRST = "model.diffusion_model.input_blocks.0.0.weight"


def nine(weights: dict, key: str = FIRST, channels: int = 9) -> dict:
    """The weights of a UNet that takes the masked picture and the mask, too."""
    old = weights[key]
    more = torch.full((old.shape[0], channels - 4, 3, 3), 0.1, dtype=old.dtype)
    return weights | {key: torch.cat([old, more], 1)}


class TestChannels:
    MASKED = {"conditioning": {"init_image": "init.png", "inpaint_mask": "mask.png"}, "hyperparameters": {"strength": 0.9}}

    def folder(self, root, channels: int = 9) -> None:
        shutil.copytree(root / "sdxl_base", root / "nine")
        config = root / "nine" / "unet" / "config.json"
        config.write_text(json.dumps(json.loads(config.read_text()) | {"in_channels": channels}))
        file = root / "nine" / "unet" / "diffusion_pytorch_model.safetensors"
        save_file(nine(load_file(file), "conv_in.weight", channels), file, metadata={"format": "pt"})

    def test_a_single_file_repaints_as_its_folder_does(self, own, root, write):
        write("file", change=nine)
        self.folder(root)
        assert own.violations(model={"base": "file"}, **self.MASKED) == []
        file, folder = (own.picture(model={"base": base}, **self.MASKED) for base in ("file", "nine"))
        assert difference(file, folder) <= 3 and difference(file, own.picture(**self.MASKED)) > 20

    def test_it_makes_no_other_pictures(self, own, write):
        write("file", change=nine)
        assert own.violations(model={"base": "file"}) == [("unsupported_feature", "/model/base")]

    @pytest.mark.parametrize("channels", [5, 8])
    def test_other_numbers_of_channels_are_refused(self, own, root, write, channels):
        write("file", change=lambda weights: nine(weights, channels=channels))
        self.folder(root, channels)
        for base in ("file", "nine"):
            assert own.violations(model={"base": base}) == [("model_invalid", "/model/base")]

    def test_it_is_not_trained(self, own, root, write):
        from concord_workers.training.source import BaseSource

        write("file", change=nine)
        self.folder(root)
        for base in ("file", "nine"):
            with pytest.raises(ModelInvalid) as caught:
                BaseSource(own.device, own.loader, None).find(base)
            assert caught.value.field == "/base_model" and "9 channels" in caught.value.message


CROSS = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
NET = "controlnet_cond_embedding.conv_in.weight"
FOREIGN = {
    "Stable Diffusion 1.x checkpoint": {CROSS: (320, 768), "cond_stage_model.transformer.text_model.x": (1,)},
    "Stable Diffusion 2.x checkpoint": {CROSS: (320, 1024), "cond_stage_model.model.x": (1,)},
    "Stable Diffusion 3": {"model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight": (8, 8)},
    "Flux": {"model.diffusion_model.double_blocks.0.img_attn.qkv.weight": (8, 8)},
    "Flux ": {"double_blocks.0.img_attn.qkv.weight": (8, 8)},
    "UNet without text encoders, for SDXL": {CROSS: (640, 2048), "first_stage_model.decoder.conv_in.weight": (8, 4, 3, 3)},
    "SDXL checkpoint without its VAE": {CROSS: (640, 2048), "conditioner.embedders.1.model.x": (1,)},
    "UNet alone": {"time_embed.0.weight": (8, 8), "input_blocks.0.0.weight": (8, 4, 3, 3)},
    "layout of diffusers": {"time_embedding.linear_1.weight": (8, 8), "down_blocks.0.resnets.0.conv1.weight": (8, 8, 3, 3)},
    "text encoder alone": {"text_model.encoder.layers.0.mlp.fc1.weight": (8, 8)},
    "16 latent channels": {"decoder.conv_in.weight": (8, 16, 3, 3), "encoder.conv_in.weight": (8, 3, 3, 3)},
    "decoder alone": {"decoder.conv_in.weight": (8, 4, 3, 3)},
    "tiny autoencoder": {"decoder.layers.0.weight": (8, 4, 3, 3)},
    "union ControlNet": {NET: (16, 3, 3, 3), "task_embedding": (8, 8)},
    "original layout": {"control_model.input_hint_block.0.weight": (8, 3, 3, 3)},
    "ControlNet for Stable Diffusion 1.x": {
        NET: (16, 3, 3, 3),
        "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight": (320, 768),
    },
    "IP-Adapter": {"ip_adapter.1.to_k_ip.weight": (8, 8), "image_proj.proj.weight": (8, 8)},
    "T2I-Adapter": {"adapter.body.0.resnets.0.block1.weight": (8, 8, 3, 3)},
    "emb_params": {"emb_params": (2, 768)},
}


class TestForeign:
    @pytest.mark.parametrize("what", FOREIGN)
    def test_files_for_other_things_are_named(self, own, root, what):
        save_file({key: torch.zeros(shape) for key, shape in FOREIGN[what].items()}, root / "x.safetensors")
        row = own.loader.validate_model_files(["x.safetensors"])["results"][0]
        assert not row["is_valid"] and what.strip() in row["issues"][0]
        entries = {
            "/model/base": {"model": {"base": "x.safetensors"}},
            "/model/vae": {"model": {"vae": "x.safetensors"}},
            "/conditioning/loras/0/name": {"conditioning": {"loras": [{"name": "x.safetensors", "weight": 1.0}]}},
            "/conditioning/textual_inversions/0/path": {
                "conditioning": {"textual_inversions": [{"path": "x.safetensors", "token": "zzq"}]}
            },
        }
        for pointer, changes in entries.items():
            assert own.violations(**changes) == [("model_invalid", pointer)]

    def test_a_folder_of_a_lora_names_the_file_in_it(self, own, root, tiny):
        (root / "repository").mkdir()
        shutil.copy(tiny / "lora_style.safetensors", root / "repository" / "pytorch_lora_weights.safetensors")
        with pytest.raises(ModelInvalid) as caught:
            own.loader.describe("repository", "/conditioning/loras/0/name")
        assert caught.value.hint == "name the file in it: repository/pytorch_lora_weights.safetensors"

    @pytest.mark.parametrize(
        ("clip_l", "clip_g"), [((2, 32), None), (None, (2, 48)), ((2, 32), (3, 48)), ((2, 768), (2, 1280))]
    )
    def test_inversions_that_do_not_fit(self, own, root, tiny, clip_l, clip_g):
        shutil.copy(tiny / "ti_style.safetensors", root / "good.safetensors")
        shapes = {name: shape for name, shape in (("clip_l", clip_l), ("clip_g", clip_g)) if shape is not None}
        save_file({name: torch.ones(shape) for name, shape in shapes.items()}, root / "bad.safetensors")
        both = [{"path": f"{name}.safetensors", "token": f"zz{name}"} for name in ("good", "bad")]
        assert own.violations(conditioning={"textual_inversions": both}) == [
            ("model_invalid", "/conditioning/textual_inversions/1/path")
        ]

    def test_a_vae_for_other_latents_is_refused(self, own, root, tiny):
        shutil.copytree(tiny / "sdxl_vae", root / "sd15")
        file = root / "sd15" / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"scaling_factor": 0.18215}))
        assert own.violations(model={"vae": "sd15"}) == [("model_invalid", "/model/vae")]


class TestControlNets:
    def test_single_files_of_every_depth_are_read_by_their_shapes(self, tmp_path):
        """Names and shapes alone: the real sizes are too large to make here."""
        from accelerate import init_empty_weights
        from diffusers import ControlNetModel, UNet2DConditionModel

        from concord_workers.models.control_net_config import control_net_config
        from concord_workers.models.safetensors_file import TensorInfo
        from concord_workers.models.sdxl_config import BASE_UNET

        for depth in ([1, 2, 10], [1, 1, 1], [1, 2, 2]):
            with init_empty_weights():
                unet = UNet2DConditionModel.from_config(BASE_UNET | {"transformer_layers_per_block": depth})
                net = ControlNetModel.from_unet(unet, load_weights_from_unet=False)
            tensors = {key: TensorInfo("F16", tuple(t.shape), 0, 0) for key, t in net.state_dict().items()}
            with init_empty_weights():
                made = ControlNetModel.from_config(control_net_config(tensors, "net.safetensors"))
            assert {key: tuple(t.shape) for key, t in made.state_dict().items()} == {k: t.shape for k, t in tensors.items()}
            for name in ("attention_head_dim", "transformer_layers_per_block", "block_out_channels", "cross_attention_dim"):
                assert _same(made.config[name], net.config[name]), name

    def test_one_for_another_base_is_refused_at_its_place(self, own, root, tiny):
        shutil.copytree(tiny / "controlnet_canny", root / "controlnet_canny")
        shutil.copy(tiny / "controlnet_canny" / "diffusion_pytorch_model.safetensors", root / "alone.safetensors")
        shutil.copytree(tiny / "controlnet_canny", root / "other")
        file = root / "other" / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"cross_attention_dim": 768}))
        for model in ("alone", "other"):
            nets = [
                {"type": "canny", "image": "shapes.png", "weight": 1.0, "guidance_start": 0.0, "guidance_end": 1.0},
                {
                    "type": "canny",
                    "image": "shapes.png",
                    "weight": 1.0,
                    "guidance_start": 0.0,
                    "guidance_end": 1.0,
                    "model": model,
                },
            ]
            assert own.violations(conditioning={"control_nets": nets}) == [
                ("model_invalid", "/conditioning/control_nets/1/model")
            ]


def _same(one, other) -> bool:
    return (list(one) if isinstance(one, list | tuple) else one) == (list(other) if isinstance(other, list | tuple) else other)


class TestSizes:
    @pytest.mark.parametrize("what", ["fewer", "more", "other"])
    def test_a_unet_of_another_size_than_its_configuration(self, own, root, write, what):
        layer = "model.diffusion_model.middle_block.1.transformer_blocks.1."

        def change(weights: dict) -> dict:
            if what == "fewer":
                return {key: tensor for key, tensor in weights.items() if not key.startswith(layer)}
            if what == "more":
                more = {key.replace("blocks.1.", "blocks.2."): t.clone() for key, t in weights.items() if key.startswith(layer)}
                return weights | more
            key = layer + "attn1.to_q.weight"
            return weights | {key: torch.zeros(8, 8)}

        write("file", change=change)
        assert own.violations(model={"base": "file"}) == [("model_invalid", "/model/base")]
        assert not own.loader.validate_model_files(["file.safetensors"])["results"][0]["is_valid"]


class TestShards:
    @pytest.mark.parametrize("part", ["unet", "text_encoder_2"])
    def test_an_absent_shard_is_seen_by_every_check(self, own, root, part):
        folder = root / "sdxl_base" / part
        file = next(folder.glob("*.safetensors"))
        weights = load_file(file)
        keys, index = sorted(weights), {}
        for number, some in enumerate((keys[: len(keys) // 2], keys[len(keys) // 2 :]), 1):
            name = f"{file.stem}-0000{number}-of-00002.safetensors"
            save_file({key: weights[key] for key in some}, folder / name, metadata={"format": "pt"})
            index |= dict.fromkeys(some, name)
        file.unlink()
        (folder / f"{file.stem}.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
        assert own.violations() == [] and own.loader.validate_model_files(["sdxl_base"])["results"][0]["is_valid"]
        (folder / f"{file.stem}-00002-of-00002.safetensors").unlink()
        assert own.violations() == [("model_invalid", "/model/base")]
        for deep in (False, True):
            row = own.loader.validate_model_files(["sdxl_base"], deep=deep)["results"][0]
            assert not row["is_valid"] and "00002-of-00002" in row["issues"][0]
