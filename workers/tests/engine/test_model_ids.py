"""Ids of models that are named by paths: one for each place, no conflict but with what somebody wrote."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from bench import Engine, difference

from concord_workers.core.device_manager import Device
from concord_workers.core.errors import Conflict, ContractError, ModelNotFound, PathNotAllowed
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.roots import Roots
from concord_workers.inference.sdxl_worker import SdxlWorker
from concord_workers.models.model_id import ModelPlace
from concord_workers.models.model_loader import ModelLoader

TABLE = Path(__file__).resolve().parents[3] / "fixtures" / "model_ids.json"
CASES = json.loads(TABLE.read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_the_table_that_the_gateway_is_held_to_as_well(case):
    place = ModelPlace.below(case["root"], case["path"])
    assert (place and place.id(case["written"].__contains__)) == case["id"]


@pytest.fixture
def roots(tmp_path, tiny):
    """Two model roots: the base and a LoRA in the first, LoRAs of awkward names and places in both."""
    first, second = tmp_path / "first", tmp_path / "second"
    shutil.copytree(tiny / "sdxl_base", first / "sdxl_base")
    for place in ("style", "my style (v1.0)", "水彩", "a+b", "watercolor/pytorch_lora_weights"):
        file = first / f"{place}.safetensors"
        file.parent.mkdir(exist_ok=True)
        shutil.copy(tiny / "lora_style.safetensors", file)
    for file in (first / "pencil" / "pytorch_lora_weights.safetensors", second / "style.safetensors"):
        file.parent.mkdir(exist_ok=True)
        shutil.copy(tiny / "lora_kohya.safetensors", file)
    return first, second


@pytest.fixture
def own(roots, inputs, tmp_path):
    engine = Engine(roots[0], inputs, tmp_path / "outputs")
    engine.roots = Roots(roots, [inputs], tmp_path / "outputs")
    engine.loader = ModelLoader(Device("cpu_0", "cpu"), engine.roots, InferenceSettings())
    engine.worker = SdxlWorker(engine.device, engine.loader, engine.roots, engine.settings)
    return engine


def lora(engine, *names: str) -> dict:
    return {"conditioning": {"loras": [{"name": name, "weight": 0.5} for name in names]}}


def lora_ids(engine) -> list[str]:
    return [row["model_id"] for row in engine.loader.get_model_info()["models"] if row["model_type"] == "lora"]


def test_files_of_one_name_in_two_folders(own):
    watercolor, pencil = "watercolor/pytorch_lora_weights.safetensors", "pencil/pytorch_lora_weights.safetensors"
    one, other = own.picture(**lora(own, watercolor)), own.picture(**lora(own, pencil))
    assert difference(one, other) > 2
    assert difference(own.picture(**lora(own, watercolor, pencil)), one) > 2
    assert lora_ids(own) == ["pytorch_lora_weights-8e19c6c60f95", "pytorch_lora_weights-db0e7b3b909a"]


def test_names_that_are_no_ids(own):
    truth = own.picture(**lora(own, "style"))
    for index, name in enumerate(("my style (v1.0)", "水彩", "a+b")):
        assert difference(own.picture(**lora(own, f"{name}.safetensors")), truth) == 0, name
        assert own.violations(**lora(own, f"{name}.safetensors")) == []
        assert own.loader.validate_model_files([f"{name}.safetensors"])["results"][0]["is_valid"]
        own.loader.load(f"{name}.safetensors", "lora", f"chosen{index}")
        assert difference(own.picture(**lora(own, f"chosen{index}")), truth) == 0, name


def test_the_second_root_has_ids_of_its_own(own, roots):
    first = own.picture(**lora(own, str(roots[0] / "style.safetensors")))
    second = own.picture(**lora(own, str(roots[1] / "style.safetensors")))
    assert difference(first, second) > 2
    assert lora_ids(own) == ["style", "style-" + ModelPlace(1, "style.safetensors").id(lambda _: False)[-12:]]


def test_a_file_has_several_ids_and_is_loaded_once(own, roots):
    (roots[0] / "linked.safetensors").symlink_to("style.safetensors")
    for name in ("style", "./watercolor/../style.safetensors", "linked.safetensors", str(roots[0] / "style.safetensors")):
        own.run(**lora(own, name))
    own.loader.load("style.safetensors", "lora", "chosen")
    assert lora_ids(own) == ["chosen", "linked", "style"]
    assert sum(model.model_type == "lora" for model in own.loader.on_device.all()) == 1


def test_only_an_id_that_somebody_wrote_conflicts(own, roots):
    with pytest.raises(Conflict):
        own.loader.load("pencil/pytorch_lora_weights.safetensors", "lora", "style")  # the name of another file
    own.loader.load("pencil/pytorch_lora_weights.safetensors", "lora", "later")
    with pytest.raises(Conflict):
        own.loader.load("style.safetensors", "lora", "later")
    with pytest.raises(Conflict):
        own.loader.load_to_cache("style.safetensors", "lora", "later")
    # The path of a file that comes later means that file, under another id; the id means what was loaded as it.
    shutil.copy(roots[0] / "style.safetensors", roots[0] / "later.safetensors")
    assert own.loader.load("later.safetensors", "lora")["model_id"].startswith("later-")
    assert difference(own.picture(**lora(own, "later.safetensors")), own.picture(**lora(own, "style"))) == 0
    assert difference(own.picture(**lora(own, "later")), own.picture(**lora(own, "style"))) > 2
    own.loader.unload("later")
    assert own.loader.load("later.safetensors", "lora")["model_id"] == "later"


def test_a_configured_id_is_written(roots, inputs, tmp_path, tiny):
    shutil.copytree(tiny / "controlnet_depth", roots[0] / "controlnet_depth")
    shutil.copytree(tiny / "controlnet_canny", roots[0] / "nets" / "other")
    engine = Engine(roots[0], inputs, tmp_path / "outputs", control_nets={"depth": "nets/other"})
    assert engine.loader.resolve("controlnet_depth").path == roots[0] / "nets" / "other"
    assert engine.loader.resolve("./controlnet_depth").model_id.startswith("controlnet_depth-")


def test_a_cached_file_of_any_name(own):
    first = own.loader.load_to_cache("watercolor/pytorch_lora_weights.safetensors", "lora")["model_id"]
    second = own.loader.load_to_cache("pencil/pytorch_lora_weights.safetensors", "lora")["model_id"]
    assert first != second and own.loader.load_from_cache(second)["model_id"] == second


def test_a_folder_and_a_file_of_one_name_are_two(own, roots, tiny):
    shutil.copytree(tiny / "sdxl_vae", roots[0] / "style")
    assert own.loader.load("./style", "vae")["model_id"].startswith("style-")
    assert own.loader.load("style.safetensors", "lora")["model_id"] == "style"


class TestLinks:
    @pytest.fixture
    def cache(self, roots, tiny):
        """A repository as huggingface_hub keeps it: names are links to blobs without a suffix."""
        folder = roots[0] / "models--a--b"
        (folder / "blobs").mkdir(parents=True)
        (folder / "snapshots" / "r").mkdir(parents=True)
        shutil.copy(tiny / "lora_style.safetensors", folder / "blobs" / "0f")
        (folder / "snapshots" / "r" / "lora.safetensors").symlink_to("../../blobs/0f")
        return "models--a--b/snapshots/r/lora.safetensors"

    def test_a_link_has_its_own_name_and_suffix(self, own, roots, cache):
        truth = own.picture(**lora(own, "style"))
        assert own.violations(**lora(own, cache)) == []
        assert difference(own.picture(**lora(own, cache)), truth) == 0
        row = own.loader.validate_model_files([cache], deep=True)["results"][0]
        assert row["is_valid"] and row["detected_model_type"] == "lora" and row["format"] == "safetensors"
        (roots[0] / "hub.safetensors").symlink_to(cache)
        assert difference(own.picture(**lora(own, "hub")), truth) == 0

    def test_the_blob_itself_is_no_model(self, own, cache):
        assert own.violations(**lora(own, "models--a--b/blobs/0f")) == [("model_invalid", "/conditioning/loras/0/name")]

    def test_a_checkpoint_behind_a_link(self, own, roots, tiny):
        (roots[0] / "blobs").mkdir()
        shutil.copy(tiny / "sdxl_base_file.safetensors", roots[0] / "blobs" / "1a")
        (roots[0] / "hub").mkdir()
        (roots[0] / "hub" / "model.safetensors").symlink_to("../blobs/1a")
        shutil.copytree(tiny / "sdxl_base_file.config", roots[0] / "hub" / "model.config")
        assert difference(own.picture(model={"base": "hub/model.safetensors"}), own.picture()) < 20

    def test_a_link_out_of_the_roots_is_refused(self, own, roots, tmp_path, tiny):
        shutil.copy(tiny / "lora_style.safetensors", tmp_path / "outside.safetensors")
        (roots[0] / "out.safetensors").symlink_to(tmp_path / "outside.safetensors")
        for name in ("out", "out.safetensors"):
            with pytest.raises(PathNotAllowed):
                own.loader.resolve(name)

    def test_a_root_that_is_a_link_itself(self, roots, inputs, tmp_path):
        (tmp_path / "modelle – Übersicht").symlink_to(roots[0])
        linked = Roots([tmp_path / "modelle – Übersicht"], [inputs], tmp_path / "outputs")
        loader = ModelLoader(Device("cpu_0", "cpu"), linked, InferenceSettings())
        for path in (
            "style.safetensors",
            str(roots[0] / "style.safetensors"),
            str(tmp_path / "modelle – Übersicht/style.safetensors"),
        ):
            assert loader.resolve(path).model_id == "style"


def test_a_way_out_of_one_root_into_another_is_the_place_in_the_other(own, roots):
    assert own.loader.locate("../second/style.safetensors") == own.loader.locate(str(roots[1] / "style.safetensors"))


@pytest.mark.parametrize("path", ["", ".", "./", "watercolor/..", "../third/style.safetensors", "/etc/hostname", "nothing/x"])
def test_what_names_no_model(own, path):
    with pytest.raises(ContractError) as caught:
        own.loader.locate(path)
    assert isinstance(caught.value, ModelNotFound | PathNotAllowed)
