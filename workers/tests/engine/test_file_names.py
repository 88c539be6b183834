"""Which files of a folder are read: those that the library opens; a folder without them is refused by every check alike."""

from __future__ import annotations

import shutil

import pytest
from bench import DEFAULTS, Engine, difference, merge
from safetensors.torch import load_file, save_file

from concord_workers.contract import read_partial
from concord_workers.core.errors import ContractError

WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture
def root(tmp_path, tiny):
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("sdxl_base", "sdxl_vae", "controlnet_canny"):
        shutil.copytree(tiny / name, folder / name)
    return folder


@pytest.fixture
def own(root, inputs, tmp_path):
    return Engine(root, inputs, tmp_path / "outputs")


def refused(engine, **changes) -> str:
    """The message of the check and of the job, which are the same."""
    (found,) = engine.worker.check(read_partial(merge(DEFAULTS, changes)))
    with pytest.raises(ContractError) as caught:
        engine.run(**changes)
    assert (caught.value.code, caught.value.message) == ("model_invalid", found.message)
    return found.message


def original_layout(root, tiny, folder) -> None:
    """The VAE once more as it was published first, under the name that the published repositories give it."""
    weights = load_file(tiny / "sdxl_vae_file.safetensors")
    bare = {key.removeprefix("first_stage_model."): tensor for key, tensor in weights.items()}
    save_file(bare, root / folder / "sdxl_vae.safetensors")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (f"unet/{WEIGHTS}", "diffusion_pytorch_model.bf16.safetensors"),
        (f"unet/{WEIGHTS}", "diffusion_pytorch_model.non_ema.safetensors"),
        (f"unet/{WEIGHTS}", "diffusion_pytorch_model-00001-of-00002.safetensors"),
        (f"unet/{WEIGHTS}", "model.safetensors"),
        ("text_encoder/model.safetensors", "model.bf16.safetensors"),
        ("text_encoder/model.safetensors", WEIGHTS),
        (f"vae/{WEIGHTS}", "sdxl_vae.safetensors"),
        (f"unet/{WEIGHTS}", "diffusion_pytorch_model.fp16.safetensors"),
        ("text_encoder_2/model.safetensors", "model.fp16.safetensors"),
    ],
)
def test_a_base_whose_file_has_a_name_that_is_not_read(own, root, file, name):
    own_file = root / "sdxl_base" / file
    own_file.rename(own_file.with_name(name))
    message = refused(own)
    part, wanted = file.split("/")
    assert f"sdxl_base/{part} " in message and wanted in message and name in message
    (row,) = own.loader.validate_model_files(["sdxl_base"])["results"]
    assert row["issues"] == [message]


@pytest.mark.parametrize("name", ["sdxl_vae", "controlnet_canny"])
def test_a_folder_of_one_part(own, root, name):
    (root / name / WEIGHTS).rename(root / name / "weights.safetensors")
    net = {"type": "canny", "image": "shapes.png", "weight": 1.0, "guidance_start": 0.0, "guidance_end": 1.0, "model": name}
    changes = {"model": {"vae": name}} if name == "sdxl_vae" else {"conditioning": {"control_nets": [net]}}
    assert WEIGHTS in refused(own, **changes)
    assert not own.loader.validate_model_files([name])["results"][0]["is_valid"]


def test_the_part_without_weights_is_named(own, root):
    (root / "sdxl_base" / "vae" / WEIGHTS).unlink()
    assert refused(own) == "sdxl_base/vae holds no .safetensors file"
    encoder = root / "sdxl_base" / "text_encoder"
    shutil.copy(root / "sdxl_vae" / WEIGHTS, root / "sdxl_base" / "vae")
    (encoder / "model.safetensors").rename(encoder / "pytorch_model.bin")
    assert "pytorch_model.bin is pickled" in refused(own)


def test_files_that_are_not_read_do_not_count(own, root, tiny):
    before = own.picture(), own.picture(model={"vae": "sdxl_vae"})
    facts = own.loader.describe("sdxl_base")
    original_layout(root, tiny, "sdxl_vae")
    original_layout(root, tiny, "sdxl_base/vae")
    unet = root / "sdxl_base" / "unet"
    halved = {key: tensor * 0.5 for key, tensor in load_file(unet / WEIGHTS).items()}
    save_file(halved, unet / "diffusion_pytorch_model.fp16.safetensors")
    assert own.violations() == own.violations(model={"vae": "sdxl_vae"}) == []
    after = own.picture(), own.picture(model={"vae": "sdxl_vae"})
    assert [difference(*pair) for pair in zip(before, after, strict=True)] == [0, 0]
    again = own.loader.describe("sdxl_base")
    assert (again.files, again.file_bytes, again.elements) == (facts.files, facts.file_bytes, facts.elements)


def test_a_base_in_half_precision_variants_alone(own, root):
    before = own.picture()
    for part in ("unet", "vae", "text_encoder", "text_encoder_2"):
        (file,) = (root / "sdxl_base" / part).glob("*.safetensors")
        file.rename(file.with_name(file.name.replace(".safetensors", ".fp16.safetensors")))
    assert own.violations() == [] and difference(own.picture(), before) == 0


@pytest.mark.parametrize(
    ("name", "issue"),
    [
        ("x.safetensors.part", "x.safetensors.part is no .safetensors file"),
        ("x.SAFETENSORS", "x.SAFETENSORS is no .safetensors file"),
        ("x.ckpt", "x.ckpt is pickled; pickled weights are refused everywhere"),
    ],
)
def test_a_file_of_another_suffix_is_pickled_only_where_its_suffix_says_so(own, root, name, issue):
    shutil.copy(root / "sdxl_vae" / WEIGHTS, root / name)
    (row,) = own.loader.validate_model_files([name])["results"]
    assert row["issues"] == [issue]
