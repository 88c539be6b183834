"""What files hold against what their models need: missing, misshapen and unused weights, found before a job and in it alike."""

from __future__ import annotations

import json
import shutil
import threading

import pytest
import torch
from bench import DEFAULTS, Engine, difference, merge
from safetensors.torch import load_file, save_file

from concord_workers.contract import read_partial
from concord_workers.core.errors import ModelInvalid
from concord_workers.core.job_context import JobContext
from concord_workers.models.base_layers import layers_of

VAE = "sdxl_vae_file"
NET = "controlnet_canny"
CONTROL = {"type": "canny", "image": "shapes.png", "weight": 1.0, "guidance_start": 0.0, "guidance_end": 1.0}


@pytest.fixture
def root(tiny, tmp_path):
    """A model root of its own, with copies that a test may change."""
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copytree(tiny / "sdxl_base", folder / "sdxl_base")
    return folder


@pytest.fixture
def own(root, inputs, tmp_path) -> Engine:
    return Engine(root, inputs, tmp_path / "out")


@pytest.fixture
def place(tiny, root):
    """Copies a model of each kind, its weights changed; returns the changes of a job that uses it, and the pointer."""

    def file(source: str, change) -> None:
        save_file(change(load_file(tiny / f"{source}.safetensors")), root / "file.safetensors")
        if (tiny / f"{source}.config").is_dir():
            shutil.copytree(tiny / f"{source}.config", root / "file.config")

    def folder(source: str, target: str, change) -> None:
        shutil.copytree(tiny / source, root / target)
        path = next((root / target).glob("*.safetensors"))
        save_file(change(load_file(path)), path, metadata={"format": "pt"})

    def put(kind: str, change) -> tuple[dict, str, str]:
        if kind == "base file":
            file("sdxl_base_file", change)
            return {"model": {"base": "file.safetensors"}}, "/model/base", "file.safetensors"
        if kind == "refiner file":
            file("sdxl_refiner_file", change)
            changes = {"model": {"refiner": "file.safetensors"}, "hyperparameters": {"refiner_start": 0.5}}
            return changes, "/model/refiner", "file.safetensors"
        if kind == "vae file":
            file(VAE, change)
            return {"model": {"vae": "file.safetensors"}}, "/model/vae", "file.safetensors"
        if kind == "vae folder":
            folder("sdxl_vae", "own", change)
            return {"model": {"vae": "own"}}, "/model/vae", "own"
        if kind == "text encoder folder":
            folder("text_encoder_2_alt", "own", change)
            return {"model": {"text_encoder_2": "own"}}, "/model/text_encoder_2", "own"
        if kind == "base folder":
            shutil.rmtree(root / "sdxl_base" / "unet")
            folder("sdxl_base/unet", "sdxl_base/unet", change)
            return {}, "/model/base", "sdxl_base"
        assert kind in ("controlnet file", "controlnet folder")
        folder(NET, "own.config" if kind.endswith("file") else "own", change)
        name = "own"
        if kind.endswith("file"):
            (root / "own.config" / "diffusion_pytorch_model.safetensors").rename(root / "own.safetensors")
            name = "own.safetensors"
        return {"conditioning": {"control_nets": [CONTROL | {"model": name}]}}, "/conditioning/control_nets/0/model", name

    return put


KINDS = [
    "base file",
    "refiner file",
    "vae file",
    "vae folder",
    "text encoder folder",
    "base folder",
    "controlnet file",
    "controlnet folder",
]


def without(weights: dict, number: int) -> dict:
    """All but one weight, the n-th of those in the middle of the model."""
    keys = sorted(key for key in weights if key.endswith((".weight", ".bias")) and not key.endswith("text_projection.weight"))
    return {key: t for key, t in weights.items() if key != keys[len(keys) * number // 4]}


def job_refuses(own: Engine, changes: dict, pointer: str) -> bool:
    with pytest.raises(ModelInvalid) as caught:
        own.run(**changes)
    return caught.value.field == pointer


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_missing_weight_is_found_by_the_check(own, place, kind, number):
    changes, pointer, path = place(kind, lambda weights: without(weights, number))
    assert own.violations(**changes) == [("model_invalid", pointer)]
    row = own.loader.validate_model_files([path])["results"][0]
    assert not row["is_valid"] and "lacks" in row["issues"][0]
    assert job_refuses(own, changes, pointer)


@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_of_another_shape_is_found_by_the_check(own, place, kind):
    def change(weights: dict) -> dict:
        key = next(key for key in sorted(weights) if weights[key].ndim == 1 and key.endswith("bias"))
        return weights | {key: torch.cat([weights[key], weights[key]])}

    changes, pointer, path = place(kind, change)
    assert own.violations(**changes) == [("model_invalid", pointer)]
    assert not own.loader.validate_model_files([path])["results"][0]["is_valid"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.int8, torch.bool])
def test_biases_that_are_quantised_are_found_by_the_check(own, place, kind, dtype):
    def change(weights: dict) -> dict:
        return {key: (t * 100).to(dtype) if t.ndim == 1 and key.endswith("bias") else t for key, t in weights.items()}

    changes, pointer, path = place(kind, change)
    assert own.violations(**changes) == [("model_invalid", pointer)]
    row = own.loader.validate_model_files([path])["results"][0]
    assert not row["is_valid"] and "floating-point" in row["issues"][0]
    assert job_refuses(own, changes, pointer)


@pytest.mark.parametrize("name", ["ESRGAN.safetensors", "safety_checker"])
def test_biases_of_other_models_that_are_quantised_are_found(own, root, tiny, name):
    (shutil.copytree if (tiny / name).is_dir() else shutil.copy)(tiny / name, root / name)
    file = next((root / name).glob("*.safetensors"), root / name)
    weights = load_file(file)
    vectors = [key for key, t in weights.items() if t.ndim == 1 and t.is_floating_point()]
    save_file(weights | {key: weights[key].to(torch.int8) for key in vectors}, file, metadata={"format": "pt"})
    row = own.loader.validate_model_files([name])["results"][0]
    assert vectors and not row["is_valid"] and "floating-point" in row["issues"][0]


@pytest.mark.parametrize("kind", KINDS)
def test_what_belongs_to_nothing_is_told_by_every_check_and_by_the_job(own, place, kind):
    changes, pointer, path = place(kind, lambda weights: weights | {"my.scale": torch.ones(1), "my.shift": torch.ones(1)})
    assert own.violations(**changes) == []
    foreseen, ran, asked = JobContext(), JobContext(), JobContext()
    own.worker.predict_warnings(read_partial(merge(DEFAULTS, changes)), foreseen)
    own.run(ran, **changes)
    assert own.loader.validate_model_files([path], context=asked)["results"][0]["is_valid"]
    for context, place_of in ((foreseen, pointer), (ran, pointer), (asked, "/model_paths/0")):
        said = [w for w in context.warnings if w.code == "weights_unused"]
        assert [w.pointer for w in said] == [place_of] and "2 weights" in said[0].message and "my.scale" in said[0].message


_BETAS = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
LEFT = (1 - _BETAS).cumprod(0)
"""The published schedule: the share of the signal that is left after each step."""

HARMLESS = {
    "model_ema.diffusion_modelinput_blocks00weight": torch.ones(2, 2),
    "model_ema.num_updates": torch.tensor(3),
    "conditioner.embedders.0.transformer.text_model.embeddings.position_ids": torch.arange(77)[None],
    "conditioner.embedders.1.model.logit_scale": torch.tensor(4.6),
    "denoiser.sigmas": (1 / LEFT - 1).sqrt(),
    "alphas_cumprod": LEFT,
    "alphas_cumprod_prev": torch.cat([LEFT.new_ones(1), LEFT[:-1]]),
    "betas": _BETAS,
    "sqrt_alphas_cumprod": LEFT.sqrt(),
    "sqrt_one_minus_alphas_cumprod": (1 - LEFT).sqrt(),
    "log_one_minus_alphas_cumprod": (1 - LEFT).log(),
    "sqrt_recip_alphas_cumprod": (1 / LEFT).sqrt(),
    "sqrt_recipm1_alphas_cumprod": (1 / LEFT - 1).sqrt(),
    "posterior_variance": torch.ones(1000),
    "scale_factor": torch.tensor(0.13025),
    "first_stage_model.loss.logvar": torch.tensor(0.0),
    "first_stage_model.loss.discriminator.main.0.weight": torch.ones(4, 3, 4, 4),
}


def test_what_published_checkpoints_hold_beside_their_weights_is_no_warning(own, place):
    changes, _, _ = place("base file", lambda weights: weights | HARMLESS)
    context = JobContext()
    assert own.violations(**changes) == []
    own.run(context, **changes)
    assert context.warnings == []


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2])
def test_tables_of_the_same_schedule_are_no_warning_in_any_number_format(own, place, dtype):
    names = ("denoiser.sigmas", "alphas_cumprod", "betas", "log_one_minus_alphas_cumprod", "scale_factor")
    _, _, path = place("base file", lambda weights: weights | {name: HARMLESS[name].to(dtype) for name in names})
    context = JobContext()
    assert own.loader.validate_model_files([path], context=context)["results"][0]["is_valid"]
    assert context.warnings == []


def zero_terminal(left: torch.Tensor) -> torch.Tensor:
    root = left.sqrt()
    return ((root - root[-1]) * root[0] / (root[0] - root[-1])) ** 2


OTHER_NUMBERS = {
    "zero terminal SNR": {"alphas_cumprod": zero_terminal(LEFT)},
    "zero terminal sigmas": {"denoiser.sigmas": (1 / zero_terminal(LEFT).clip(1e-8) - 1).sqrt()},
    "no numbers": {"alphas_cumprod": LEFT * torch.nan},
    "other betas": {"betas": torch.linspace(1e-4, 0.02, 1000)},
    "whole numbers": {"alphas_cumprod": (LEFT * 100).to(torch.int8)},
    "fewer steps": {"alphas_cumprod": LEFT[::2].clone()},
    "scale": {"scale_factor": torch.tensor(0.5)},
    "scale in half precision": {"scale_factor": torch.tensor(0.18215, dtype=torch.float16)},
}


@pytest.mark.parametrize("what", OTHER_NUMBERS)
def test_numbers_of_the_training_that_contradict_the_configuration_are_told(own, place, what):
    changes, pointer, path = place("base file", lambda weights: weights | OTHER_NUMBERS[what])
    foreseen, ran, asked = JobContext(), JobContext(), JobContext()
    assert own.violations(**changes) == []
    own.worker.predict_warnings(read_partial(merge(DEFAULTS, changes)), foreseen)
    own.run(ran, **changes)
    assert own.loader.validate_model_files([path], context=asked)["results"][0]["is_valid"]
    for context, place_of in ((foreseen, pointer), (ran, pointer), (asked, "/model_paths/0")):
        (warning,) = context.warnings
        assert (warning.code, warning.pointer) == ("weights_unused", place_of)
        assert next(iter(OTHER_NUMBERS[what])) in warning.message and "configuration" in warning.message


@pytest.mark.parametrize("table", [LEFT, zero_terminal(LEFT)], ids=["before", "after"])
def test_a_table_beside_the_mark_of_zero_terminal_snr_may_be_rescaled_or_not(own, place, table):
    marks = {"v_pred": torch.zeros(1), "ztsnr": torch.zeros(1), "alphas_cumprod": table.float()}
    _, _, path = place("base file", lambda weights: weights | marks)
    context = JobContext()
    assert own.loader.validate_model_files([path], context=context)["results"][0]["is_valid"]
    assert context.warnings == []


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("vae file", {"scale_factor": torch.tensor(0.5)}),
        ("vae folder", {"scale_factor": torch.tensor(0.5)}),
        ("refiner file", {"alphas_cumprod": zero_terminal(LEFT)}),
        ("base folder", {"alphas_cumprod": zero_terminal(LEFT)}),
    ],
)
def test_other_files_with_such_numbers_are_told(own, place, kind, more):
    _, _, path = place(kind, lambda weights: weights | more)
    context = JobContext()
    assert own.loader.validate_model_files([path], context=context)["results"][0]["is_valid"]
    assert [warning.code for warning in context.warnings] == ["weights_unused"]


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("base file", "first_stage_model.encoder.down.0.block.7.conv1.weight"),
        ("base file", "conditioner.embedders.1.model.transformer.resblocks.9.mlp.c_fc.weight"),
        ("vae folder", "encoder.down_blocks.0.resnets.7.conv1.weight"),
        ("base folder", "down_blocks.0.motion_modules.0.proj_in.weight"),
    ],
)
def test_layers_that_the_configuration_lacks_refuse_the_file(own, place, kind, key):
    changes, pointer, path = place(kind, lambda weights: weights | {key: torch.ones(8, 8)})
    assert own.violations(**changes) == [("model_invalid", pointer)]
    assert key in own.loader.validate_model_files([path])["results"][0]["issues"][0]


def test_the_names_of_older_libraries_are_read(own, place):
    def change(weights: dict) -> dict:
        old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}

        def name(key: str) -> str:
            for new, was in old.items():
                key = key.replace(f".{new}.", f".{was}.")
            return key

        return {name(key): tensor for key, tensor in weights.items()}

    changes, _, _ = place("vae folder", change)
    assert own.violations(**changes) == []
    same = own.picture(**changes)
    assert difference(same, own.picture()) > 0


def test_text_encoders_of_both_layouts_are_read(own, place):
    changes, _, _ = place("text encoder folder", lambda w: {key.removeprefix("text_model."): t for key, t in w.items()})
    assert own.violations(**changes) == []
    own.run(**changes)


def test_a_configuration_that_asks_for_more_layers_than_there_are_tensors_is_refused_at_once(own, root):
    file = root / "sdxl_base" / "unet" / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"transformer_layers_per_block": [1000, 1000, 1000]}))
    assert own.violations() == [("model_invalid", "/model/base")]


def test_a_shard_that_no_index_names_is_no_weight(own, root):
    folder = root / "sdxl_base" / "unet"
    file = folder / "diffusion_pytorch_model.safetensors"
    weights = load_file(file)
    keys = sorted(weights)
    names = [f"diffusion_pytorch_model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    for name, some in zip(names, (keys[::2], keys[1::2]), strict=True):
        save_file({key: weights[key] for key in some}, folder / name, metadata={"format": "pt"})
    file.unlink()
    index = {"metadata": {}, "weight_map": dict.fromkeys(keys[::2], names[0])}
    (folder / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(index))
    assert own.violations() == [("model_invalid", "/model/base")]
    with pytest.raises(ModelInvalid):
        own.run()


class TestKinds:
    def test_a_file_of_no_known_kind_is_not_valid(self, own, root):
        save_file({"some.weight": torch.ones(3, 3)}, root / "odd.safetensors")
        row = own.loader.validate_model_files(["odd.safetensors"])["results"][0]
        assert not row["is_valid"] and row["issues"] == ["it is no kind of model that is known here"]

    @pytest.mark.parametrize(
        ("name", "component"),
        [("text_encoder_alt", "text_encoder"), ("text_encoder_2_alt", "text_encoder"), ("tokenizer_alt", "tokenizer")],
    )
    def test_folders_that_replace_a_component_are_valid_and_named(self, own, root, tiny, name, component):
        shutil.copytree(tiny / name, root / name)
        row = own.loader.validate_model_files([name])["results"][0]
        assert row["is_valid"], row["issues"]
        assert row["detected_component"] == component and "detected_model_type" not in row

    def test_a_safety_checker_is_no_text_encoder(self, own, root, tiny):
        """The configurations of both say that they are made of CLIP."""
        shutil.copytree(tiny / "safety_checker", root / "checker")
        row = own.loader.validate_model_files(["checker"])["results"][0]
        assert row["is_valid"], row["issues"]
        assert row["detected_model_type"] == "safety_checker" and "detected_component" not in row
        assert own.violations(model={"text_encoder": "checker"}) == [("model_invalid", "/model/text_encoder")]

    @pytest.mark.parametrize("architectures", [5, {"a": 1}, "CLIPTextModel", [["CLIPTextModel"]]])
    def test_a_folder_whose_architecture_is_no_name_has_an_issue(self, own, root, tiny, architectures):
        shutil.copytree(tiny / "text_encoder_alt", root / "odd")
        file = root / "odd" / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"architectures": architectures, "model_type": "bert"}))
        row = own.loader.validate_model_files(["odd"])["results"][0]
        assert not row["is_valid"] and row["issues"]

    def test_a_broken_tokenizer_is_seen_by_every_check(self, own, root, tiny):
        shutil.copytree(tiny / "tokenizer_alt", root / "words")
        (root / "words" / "tokenizer.json").write_text("{")
        assert own.violations(model={"tokenizer": "words"}) == [("model_invalid", "/model/tokenizer")]
        assert not own.loader.validate_model_files(["words"])["results"][0]["is_valid"]


def test_a_check_does_not_change_what_another_thread_makes(tiny):
    """The skeletons of a check have no values; a module that a job makes meanwhile must have some."""
    config = json.loads((tiny / "sdxl_base" / "unet" / "config.json").read_text())
    inside, done, devices = threading.Event(), threading.Event(), []

    def job() -> None:
        inside.wait(30)
        devices.append(torch.nn.Linear(2, 2).weight.device.type)
        done.set()

    thread = threading.Thread(target=job)
    thread.start()
    original = torch.nn.Conv2d.__init__

    def pause(self, *args, **kwargs):
        if not inside.is_set() and threading.current_thread() is not thread:
            inside.set()
            done.wait(30)
        original(self, *args, **kwargs)

    torch.nn.Conv2d.__init__ = pause
    try:
        layers_of({"unet": config | {"_name_or_path": "a configuration that was not seen before"}})
    finally:
        torch.nn.Conv2d.__init__ = original
        inside.set()
        thread.join()
    assert devices == ["cpu"]


class TestHeaders:
    """What the header alone shows to be no LoRA, said by a plain check and by the job's."""

    FIELD = "/conditioning/loras/0/name"

    def refused(self, own) -> str:
        assert own.violations(conditioning={"loras": [{"name": "odd.safetensors", "weight": 1}]}) == [
            ("model_invalid", self.FIELD)
        ]
        row = own.loader.validate_model_files(["odd.safetensors"])["results"][0]
        assert not row["is_valid"]
        return str(row["issues"][0])

    @pytest.mark.parametrize("other", ["shape", "same"])
    def test_a_name_that_stands_twice_is_refused(self, own, root, tiny, other):
        """Each reader takes the one that it likes: with another shape of as many bytes they are two different layers."""
        content = (tiny / "lora_kohya.safetensors").read_bytes()
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        key = next(name for name in header if name.endswith("lora_down.weight"))
        entry = header[key] | ({"shape": header[key]["shape"][::-1]} if other == "shape" else {})
        twice = (json.dumps({key: entry})[:-1] + "," + json.dumps(header)[1:]).encode()
        (root / "odd.safetensors").write_bytes(len(twice).to_bytes(8, "little") + twice + content[8 + length :])
        assert f"{key} stands twice" in self.refused(own)

    def test_a_lora_of_rank_0_is_refused(self, own, root, tiny):
        weights = load_file(tiny / "lora_kohya.safetensors")
        side = {"lora_down": lambda t: t[:0], "lora_up": lambda t: t[:, :0]}
        empty = {key: next((cut(t) for part, cut in side.items() if part in key), t).clone() for key, t in weights.items()}
        save_file(empty, root / "odd.safetensors")
        assert "layers of rank 0" in self.refused(own)
