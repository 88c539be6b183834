"""Files of a model that are replaced while the worker lives: the next job reads them, wherever the model has them."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from bench import Engine, difference
from safetensors.torch import load_file, save_file

from concord_workers.core.errors import PathNotAllowed


@pytest.fixture
def root(tmp_path, tiny):
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("sdxl_base", "sdxl_base_file.config", "sdxl_vae_file.config"):
        shutil.copytree(tiny / name, folder / name)
    for name in ("sdxl_base_file.safetensors", "sdxl_vae_file.safetensors"):
        shutil.copy(tiny / name, folder / name)
    return folder


@pytest.fixture
def own(root, inputs, tmp_path):
    return Engine(root, inputs, tmp_path / "outputs")


def edit(file, **changes):
    """Replaced in one step, as a download is."""
    (file.parent / "new").write_text(json.dumps(json.loads(file.read_text()) | changes))
    os.replace(file.parent / "new", file)


def linked_unet(root):
    """The tiny base whose UNet is a link to a folder beside it."""
    shutil.move(root / "sdxl_base" / "unet", root / "shared_unet")
    (root / "sdxl_base" / "unet").symlink_to(root / "shared_unet")
    return root / "shared_unet" / "diffusion_pytorch_model.safetensors"


def base_configuration(root, tiny):
    edit(root / "sdxl_base_file.config" / "scheduler" / "scheduler_config.json", prediction_type="v_prediction")
    return {"model": {"base": "sdxl_base_file.safetensors"}}


def vae_configuration(root, tiny):
    edit(root / "sdxl_vae_file.config" / "config.json", latents_mean=[1.0] * 4, latents_std=[2.0] * 4)
    return {"model": {"vae": "sdxl_vae_file.safetensors"}}


def control_net_configuration(root, tiny):
    (root / "net.config").mkdir(exist_ok=True)
    if not (root / "net.config" / "config.json").exists():
        shutil.copy(tiny / "controlnet_canny" / "config.json", root / "net.config")
        shutil.copy(tiny / "controlnet_canny" / "diffusion_pytorch_model.safetensors", root / "net.safetensors")
    else:
        edit(root / "net.config" / "config.json", controlnet_conditioning_channel_order="bgr")
    net = {"type": "canny", "image": "shapes.png", "weight": 1.0, "guidance_start": 0.0, "guidance_end": 1.0}
    return {"conditioning": {"control_nets": [net | {"model": "net.safetensors"}]}}


@pytest.mark.parametrize("change", [base_configuration, vae_configuration])
def test_a_configuration_beside_a_single_file(own, root, tiny, inputs, tmp_path, change):
    submission = {
        base_configuration: {"model": {"base": "sdxl_base_file.safetensors"}},
        vae_configuration: {"model": {"vae": "sdxl_vae_file.safetensors"}},
    }[change]
    before = own.picture(**submission)
    change(root, tiny)
    after = own.picture(**submission)
    assert difference(after, before) > 0
    assert difference(after, Engine(root, inputs, tmp_path / "fresh").picture(**submission)) == 0


def test_a_configuration_beside_a_control_net(own, root, tiny):
    submission = control_net_configuration(root, tiny)
    assert own.violations(**submission) == []
    own.picture(**submission)
    control_net_configuration(root, tiny)
    # The canny picture is grey, so that the order of its channels shows in the loaded net alone.
    own.picture(**submission)
    (net,) = (model for model in own.loader.on_device.all() if model.model_type == "controlnet")
    assert net.value.config.controlnet_conditioning_channel_order == "bgr"


def test_a_configuration_that_goes(own, root):
    submission = {"model": {"base": "sdxl_base_file.safetensors"}}
    assert own.violations(**submission) == []
    shutil.rmtree(root / "sdxl_base_file.config")
    assert own.violations(**submission) == [("model_invalid", "/model/base")]


def test_a_folder_that_is_a_link(own, root, inputs, tmp_path):
    whole = own.loader.validate_model_files(["sdxl_base"])["results"][0]
    unet = linked_unet(root)
    assert own.loader.validate_model_files(["sdxl_base"])["results"][0] == whole
    before = own.picture()
    save_file({key: tensor * 0.5 for key, tensor in load_file(unet).items()}, root / "new", metadata={"format": "pt"})
    os.replace(root / "new", unet)
    after = own.picture()
    assert difference(after, before) > 0
    assert difference(after, Engine(root, inputs, tmp_path / "fresh").picture()) == 0


def test_a_link_that_leads_to_another_folder(own, root):
    unet = linked_unet(root)
    before = own.picture()
    shutil.copytree(unet.parent, root / "other_unet")
    weights = load_file(unet)
    save_file({key: tensor * 0.5 for key, tensor in weights.items()}, root / "other_unet" / unet.name)
    (root / "sdxl_base" / "unet").unlink()
    (root / "sdxl_base" / "unet").symlink_to(root / "other_unet")
    assert difference(own.picture(), before) > 0


def test_links_in_a_circle_end(own, root):
    (root / "sdxl_base" / "up").symlink_to(root)
    (root / "sdxl_base" / "unet" / "self").symlink_to(root / "sdxl_base" / "unet")
    assert own.violations() == []
    assert own.loader.validate_model_files(["sdxl_base"])["results"][0]["is_valid"]


@pytest.mark.parametrize("place", ["behind a link", "beside a file"])
def test_a_link_out_of_the_roots_is_refused_wherever_a_load_reads(own, root, tmp_path, place):
    outside = tmp_path / "outside.json"
    outside.write_text("{}")
    if place == "behind a link":
        (linked_unet(root).parent / "more.json").symlink_to(outside)
        path = "sdxl_base"
    else:
        (root / "sdxl_base_file.config" / "more.json").symlink_to(outside)
        path = "sdxl_base_file.safetensors"
    with pytest.raises(PathNotAllowed, match=r"more\.json"):
        own.loader.resolve(path)


def test_a_vocabulary_of_the_same_time(own, root):
    file = root / "sdxl_base" / "tokenizer" / "tokenizer.json"
    times = file.stat()
    assert own.violations() == []
    file.write_text(json.dumps({"model": {"vocab": {}}}))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert own.violations() == [("model_invalid", "/model/base")]
