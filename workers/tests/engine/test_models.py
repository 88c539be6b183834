"""Loading, freeing, caching, suites, ids and the checking of files."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import struct

import pytest
import torch
from bench import Engine, difference
from safetensors.torch import load_file, save_file

from concord_workers.core.errors import Cancelled, Conflict, ModelInvalid, ModelNotFound, OutOfMemory, PathNotAllowed
from concord_workers.core.job_context import JobContext


@pytest.fixture
def root(tmp_path, tiny):
    """A model root of one's own: links do not leave it, so what is needed is copied."""
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("sdxl_base", "sdxl_base_b", "sdxl_refiner", "sdxl_vae"):
        shutil.copytree(tiny / name, folder / name)
    for name in ("lora_style.safetensors", "sdxl_base_file.safetensors"):
        shutil.copy(tiny / name, folder / name)
    shutil.copytree(tiny / "sdxl_base_file.config", folder / "sdxl_base_file.config")
    return folder


@pytest.fixture
def own(root, inputs, tmp_path):
    return Engine(root, inputs, tmp_path / "outputs")


def ids(engine) -> dict[str, str]:
    return {row["model_id"]: row["location"] for row in engine.loader.get_model_info()["models"]}


class TestLoading:
    def test_the_memory_of_a_load_is_the_model_s_own(self, own):
        """Not the sum of what is there: a second model, and the same one once more, have their own figure."""
        first = own.loader.load("sdxl_base", "sdxl")["memory_used_bytes"]
        lora = own.loader.load("lora_style", "lora")["memory_used_bytes"]
        assert 0 < lora < first / 4
        assert own.loader.load("sdxl_base", "sdxl")["memory_used_bytes"] == first
        cached = own.loader.load_to_cache("lora_style", "lora")
        own.loader.load_to_cache("sdxl_base", "sdxl")
        again = own.loader.load_to_cache("lora_style", "lora")
        assert cached["memory_used_bytes"] == again["memory_used_bytes"] == cached["model_size_bytes"]

    def test_a_load_says_what_it_took(self, own, root):
        result = own.loader.load("sdxl_base", "sdxl")
        size = sum(file.stat().st_size for file in (root / "sdxl_base").rglob("*.safetensors"))
        assert result["model_id"] == "sdxl_base" and result["gpu_id"] == "cpu_0" and result["from_cache"] is False
        assert result["model_size_bytes"] == size
        assert 0.9 * size < result["memory_used_bytes"] < size
        assert result["load_time_seconds"] > 0
        assert own.loader.current_model_id == "sdxl_base"

    def test_each_model_says_its_family_where_it_has_one(self, own, root, tiny):
        shutil.copy(tiny / "ESRGAN.safetensors", root / "ESRGAN.safetensors")
        own.loader.load("sdxl_base", "sdxl")
        own.loader.load_to_cache("lora_style", "lora")
        own.loader.load("ESRGAN", "upscaler")
        families = {row["model_id"]: row.get("family") for row in own.loader.get_model_info()["models"]}
        assert families == {"sdxl_base": "sdxl", "lora_style": "sdxl", "ESRGAN": None}
        assert own.worker.capabilities()["families"] == ["sdxl"]

    def test_loading_again_costs_nothing(self, own):
        first, second = (own.loader.load("sdxl_base", "sdxl") for _ in range(2))
        assert second["load_time_seconds"] < first["load_time_seconds"] / 2
        assert list(ids(own)) == ["sdxl_base"]

    def test_a_file_that_was_replaced_is_loaded_anew(self, own, root):
        before = own.picture(conditioning={"loras": [{"name": "lora_style", "weight": 1}]})
        other = {key: tensor * 0.5 for key, tensor in load_file(root / "lora_style.safetensors").items()}
        save_file(other, root / "new.safetensors")
        os.replace(root / "new.safetensors", root / "lora_style.safetensors")
        assert difference(own.picture(conditioning={"loras": [{"name": "lora_style", "weight": 1}]}), before) > 2

    def test_unload_frees_one_or_all(self, own):
        own.loader.load("sdxl_base", "sdxl")
        own.loader.load("sdxl_vae", "vae")
        freed = own.loader.unload("sdxl_vae")
        assert freed["model_ids"] == ["sdxl_vae"] and freed["freed_bytes"] > 0
        assert own.loader.unload()["model_ids"] == ["sdxl_base"]
        assert own.loader.unload() == {"model_ids": [], "freed_bytes": 0}
        assert own.loader.current_model_id is None
        with pytest.raises(ModelNotFound):
            own.loader.unload("sdxl_base")

    def test_info_of_an_unknown_id_is_not_found(self, own):
        with pytest.raises(ModelNotFound):
            own.loader.get_model_info("nothing")

    @pytest.mark.parametrize(
        ("path", "kind", "model_id", "error"),
        [
            ("sdxl_vae", "sdxl", None, ModelInvalid),
            ("sdxl_base", "sdxl_refiner", None, ModelInvalid),
            ("absent.safetensors", "vae", None, ModelNotFound),
            ("absent", "vae", None, ModelNotFound),
            ("/etc/hostname", "vae", None, PathNotAllowed),
            ("../outside.safetensors", "vae", None, PathNotAllowed),
            ("sdxl_vae", "vae", "sdxl_base", Conflict),
            ("a\0b.safetensors", "vae", None, PathNotAllowed),
        ],
    )
    def test_what_is_refused(self, own, path, kind, model_id, error):
        with pytest.raises(error):
            own.loader.load(path, kind, model_id)
        assert ids(own) == {}

    def test_a_name_that_is_no_id_gets_one_from_its_place(self, own, root):
        shutil.copytree(root / "sdxl_vae", root / "my vae")
        assert own.loader.load("./my vae", "vae")["model_id"].startswith("my-vae-")
        assert own.loader.load("./my vae", "vae", "my-vae")["model_id"] == "my-vae"

    def test_pickles_are_refused(self, own, root):
        (root / "evil").mkdir()
        (root / "evil" / "config.json").write_text(json.dumps({"_class_name": "AutoencoderKL"}))
        torch.save({"a": torch.zeros(1)}, root / "evil" / "diffusion_pytorch_model.bin")
        shutil.copy(root / "evil" / "diffusion_pytorch_model.bin", root / "evil.ckpt")
        for path in ("evil", "./evil.ckpt"):
            with pytest.raises(ModelInvalid, match="pickled"):
                own.loader.load(path, "vae")

    def test_a_missing_weight_is_not_made_up(self, own, root):
        file = root / "sdxl_vae" / "diffusion_pytorch_model.safetensors"
        weights = load_file(file)
        weights.pop("decoder.conv_in.weight")
        save_file(weights, file, metadata={"format": "pt"})
        with pytest.raises(ModelInvalid, match=r"decoder\.conv_in\.weight"):
            own.loader.load("sdxl_vae", "vae")

    def test_a_single_file_of_another_size_needs_its_configuration(self, own, root):
        shutil.rmtree(root / "sdxl_base_file.config")
        with pytest.raises(ModelInvalid) as caught:
            own.loader.load("sdxl_base_file", "sdxl")
        assert "sdxl_base_file.config" in (caught.value.hint or "")

    def test_a_cancelled_load_loads_nothing(self, own):
        context = JobContext()
        context.cancel()
        with pytest.raises(Cancelled):
            own.loader.load("sdxl_base", "sdxl", context=context)
        assert ids(own) == {}


class TestBudget:
    SIZE = 4_100_000  # one tiny base in fp32 fits, two do not

    @pytest.fixture
    def small(self, root, inputs, tmp_path):
        return Engine(root, inputs, tmp_path / "outputs", vram_budget_bytes=self.SIZE)

    def test_the_oldest_makes_room(self, small):
        small.loader.load("sdxl_base", "sdxl")
        small.loader.load("sdxl_base_b", "sdxl")
        assert list(ids(small)) == ["sdxl_base_b"]
        assert small.loader.current_model_id == "sdxl_base_b"

    def test_a_job_that_swaps_says_so(self, small):
        small.loader.load("sdxl_base_b", "sdxl")
        context = JobContext()
        result = small.run(context)
        assert [warning.code for warning in context.warnings] == ["model_swapped"]
        assert result["load_time_seconds"] > 0
        assert small.run()["load_time_seconds"] == 0

    def test_what_does_not_fit_is_told_with_numbers(self, small):
        with pytest.raises(OutOfMemory) as caught:
            small.run(model={"vae": "sdxl_vae", "refiner": "sdxl_refiner"}, hyperparameters={"refiner_start": 0.5})
        assert caught.value.details["needed_mb"] > 0 and caught.value.details["budget_mb"] == round(self.SIZE / 2**20, 1)
        assert small.picture().shape == (64, 64, 3)  # the worker goes on


def test_a_root_without_models_says_so(tmp_path, inputs):
    for root in ("empty", "absent"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        bare = Engine(tmp_path / root, inputs, tmp_path / "outputs")
        assert bare.violations() == [("model_not_found", "/model/base")]
        with pytest.raises(ModelNotFound):
            bare.run()


class TestCache:
    def test_a_cached_model_loads_from_it(self, own):
        cached = own.loader.load_to_cache("sdxl_base", "sdxl")
        assert cached["from_cache"] is False and cached["memory_used_bytes"] == cached["model_size_bytes"]
        assert ids(own) == {"sdxl_base": "ram"}
        loaded = own.loader.load_from_cache("sdxl_base")
        assert loaded["from_cache"] is True and loaded["memory_used_bytes"] > 0
        assert ids(own) == {"sdxl_base": "gpu"}
        own.loader.unload()
        assert ids(own) == {"sdxl_base": "ram"}

    def test_what_is_not_cached_is_not_found(self, own):
        with pytest.raises(ModelNotFound) as caught:
            own.loader.load_from_cache("sdxl_base")
        assert caught.value.hint == "load_model_to_cache"

    def test_the_budget_drives_out_the_oldest(self, root, inputs, tmp_path):
        own = Engine(root, inputs, tmp_path / "outputs", ram_budget_bytes=5_000_000)
        for name, kind in (("sdxl_base", "sdxl"), ("sdxl_vae", "vae"), ("sdxl_base_b", "sdxl")):
            own.loader.load_to_cache(name, kind)
        assert ids(own) == {"sdxl_vae": "ram", "sdxl_base_b": "ram"}
        assert own.loader.cache.used_bytes <= 5_000_000

    def test_what_is_larger_than_the_budget_is_refused(self, root, inputs, tmp_path):
        own = Engine(root, inputs, tmp_path / "outputs", ram_budget_bytes=1_000_000)
        with pytest.raises(OutOfMemory):
            own.loader.load_to_cache("sdxl_base", "sdxl")

    def test_a_replaced_file_is_not_served(self, own, root):
        own.loader.load_to_cache("sdxl_vae", "vae")
        file = root / "sdxl_vae" / "diffusion_pytorch_model.safetensors"
        shutil.copy(file, root / "copy")
        os.replace(root / "copy", file)
        with pytest.raises(ModelNotFound):
            own.loader.load_from_cache("sdxl_vae")

    def test_a_cached_load_is_faster_than_a_cold_one(self, own, root):
        """Cold: the file's pages dropped from the page cache before."""
        weights = {f"unet.layer{n}.lora_A.weight": torch.ones(1024, 4096) for n in range(8)}
        weights |= {f"unet.layer{n}.lora_B.weight": torch.ones(1, 1024) for n in range(8)}
        file = root / "large.safetensors"
        save_file(weights, file)
        with file.open("rb") as opened:
            os.fsync(opened.fileno())

        def cold() -> float:
            own.loader.unload()
            own.loader.cache.drop("large")
            with file.open("rb") as opened:
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            return own.loader.load("large", "lora")["load_time_seconds"]

        def warm() -> float:
            own.loader.unload()
            own.loader.load_to_cache("large", "lora")
            return own.loader.load_from_cache("large")["load_time_seconds"]

        assert min(warm() for _ in range(3)) < min(cold() for _ in range(3))


class TestSuites:
    PATHS = {"base": "sdxl_base", "refiner": "sdxl_refiner", "vae": "sdxl_vae"}

    def test_all_parts_come_and_go_together(self, own):
        result = own.loader.load_suite("one", self.PATHS)
        assert [row["model_id"] for row in result["component_results"]] == ["sdxl_one_base", "sdxl_one_refiner", "sdxl_one_vae"]
        assert result["total_size_bytes"] == sum(row["model_size_bytes"] for row in result["component_results"])
        assert own.loader.current_model_id == "sdxl_one_base"
        assert own.picture(model={"base": "sdxl_one_base", "vae": "sdxl_one_vae"}).shape == (64, 64, 3)
        assert own.loader.unload("sdxl_one_vae")["model_ids"] == ["sdxl_one_base", "sdxl_one_refiner", "sdxl_one_vae"]

    @pytest.mark.parametrize("where", ["device", "cache"])
    def test_all_or_nothing(self, own, where):
        load = own.loader.load_suite if where == "device" else own.loader.cache_suite
        with pytest.raises(ModelInvalid) as caught:
            load("one", self.PATHS | {"vae": "sdxl_base_b"})
        assert caught.value.field == "/vae_model_path"
        assert caught.value.details["rolled_back"] == ["sdxl_one_base", "sdxl_one_refiner"]
        assert ids(own) == {}

    def test_a_cached_suite_loads_by_its_parts(self, own):
        own.loader.cache_suite("one", self.PATHS)
        assert set(ids(own).values()) == {"ram"}
        assert own.loader.load_from_cache("sdxl_one_base")["from_cache"] is True

    def test_a_suite_makes_room_as_one(self, root, inputs, tmp_path):
        own = Engine(root, inputs, tmp_path / "outputs", vram_budget_bytes=8_000_000)
        own.loader.load_suite("one", self.PATHS)
        own.loader.load("sdxl_base_b", "sdxl")
        assert list(ids(own)) == ["sdxl_base_b"]

    def test_files_are_checked_by_suite(self, own):
        own.loader.load_suite("one", self.PATHS)
        results = own.loader.validate_model_files(suite="one")["results"]
        assert len(results) == 3 and all(row["is_valid"] for row in results)
        with pytest.raises(ModelNotFound):
            own.loader.validate_model_files(suite="two")


def raw_file(header: dict, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(begin: int, end: int, shape=(2,), dtype="F32") -> dict:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


class TestFileValidation:
    @pytest.mark.parametrize(
        ("content", "issue"),
        [
            (b"", "no header length"),
            (b"\x10\0\0\0\0\0\0\0{not json at all}", "header"),
            (struct.pack("<Q", 1 << 40) + b"{}", "no safetensors file"),
            (struct.pack("<Q", 1000) + b"{}", "truncated inside its header"),
            (raw_file({"a": tensor(0, 8)}, b"\0" * 4), "truncated: 4 bytes"),
            (raw_file({"a": tensor(0, 8), "b": tensor(4, 12)}, b"\0" * 12), "overlaps"),
            (raw_file({"a": tensor(0, 8), "b": tensor(12, 20)}, b"\0" * 20), "a hole of 4 bytes"),
            (raw_file({"a": tensor(0, 8, (3,))}, b"\0" * 8), "not 12"),
            (raw_file({"a": tensor(0, 8, dtype="X9")}, b"\0" * 8), "unknown dtype"),
            (raw_file({"a": tensor(0, 8)}, b"\0" * 9), "belong to none"),
            (raw_file({}, b""), "no tensors"),
            (raw_file({"n" * 100_000: tensor(0, 8)}, b"\0" * 8), "the name of a tensor has 100000 characters"),
            (raw_file({"a": tensor(0, 8, dtype="n" * 100_000)}, b"\0" * 8), "its type has 100000 characters"),
            (raw_file({"a": tensor(0, 8, [1] * 100_000)}, b"\0" * 8), "100000 sides"),
            # Their product would take hours.
            (raw_file({"a": tensor(0, 8, [2**62] * 200_000)}, b"\0" * 8), "200000 sides"),
        ],
        ids=itertools.count(),
    )
    def test_every_fault_is_named(self, own, root, content, issue):
        (root / "broken.safetensors").write_bytes(content)
        (row,) = own.loader.validate_model_files(["broken.safetensors"])["results"]
        assert not row["is_valid"]
        assert any(issue in found for found in row["issues"]), row["issues"]
        assert len(json.dumps(row)) < 2000, "a header's texts may be as long as the header"
        with pytest.raises(ModelInvalid):
            own.loader.load("broken.safetensors", "vae")

    def test_sound_models_are_described(self, own):
        folder, file, lora = own.loader.validate_model_files(
            ["sdxl_base", "sdxl_base_file.safetensors", "lora_style.safetensors"]
        )["results"]
        assert (folder["is_valid"], folder["format"], folder["detected_model_type"]) == (True, "diffusers_folder", "sdxl")
        assert (file["is_valid"], file["format"], file["dtypes"]) == (True, "safetensors", ["fp16"])
        assert lora["detected_model_type"] == "lora" and "sha256" not in lora

    def test_deep_hashes_and_reads(self, own, root):
        import hashlib

        weights = load_file(root / "lora_style.safetensors")
        name = next(iter(weights))
        weights[name][0] = float("nan")
        save_file(weights, root / "nan.safetensors")
        (row,) = own.loader.validate_model_files(["nan.safetensors"], deep=True)["results"]
        assert row["sha256"] == hashlib.sha256((root / "nan.safetensors").read_bytes()).hexdigest()
        assert row["issues"] == [f"{name}: values that are not finite"]
        assert own.loader.validate_model_files(["nan.safetensors"])["results"][0]["is_valid"]

    def test_deep_compares_with_the_configuration(self, own, root):
        file = root / "sdxl_vae" / "diffusion_pytorch_model.safetensors"
        weights = load_file(file)
        weights["decoder.conv_in.weight"] = torch.zeros(1, 2, 3, 3)
        save_file(weights, file)
        (row,) = own.loader.validate_model_files(["sdxl_vae"], deep=True)["results"]
        assert any("decoder.conv_in.weight is [1, 2, 3, 3]" in issue for issue in row["issues"])

    def test_absent_and_foreign_files(self, own):
        (row,) = own.loader.validate_model_files(["absent.safetensors"])["results"]
        assert not row["is_valid"] and row["issues"]
        with pytest.raises(PathNotAllowed):
            own.loader.validate_model_files(["/etc/hostname"])

    def test_a_deep_check_can_be_stopped(self, own):
        context = JobContext()
        context.cancel()
        with pytest.raises(Cancelled):
            own.loader.validate_model_files(["sdxl_base"], deep=True, check=context.check)


class TestBrokenFilesOfLoads:
    @pytest.fixture
    def own(self, tmp_path, tiny, inputs):
        shutil.copytree(tiny / "sdxl_vae", tmp_path / "sdxl_vae")
        (tmp_path / "page.safetensors").write_text("<!DOCTYPE html><html></html>")
        return Engine(tmp_path, inputs, tmp_path / "outputs")

    @pytest.mark.parametrize("command", ["load", "load_to_cache"])
    def test_the_field_that_names_one_is_told(self, own, command):
        with pytest.raises(ModelInvalid) as caught:
            getattr(own.loader, command)("page.safetensors", "sdxl")
        assert caught.value.field == "/model_path"

    @pytest.mark.parametrize("command", ["load_suite", "cache_suite"])
    def test_a_part_of_a_suite_too(self, own, command):
        with pytest.raises(ModelInvalid) as caught:
            getattr(own.loader, command)("one", {"base": "page.safetensors", "vae": "sdxl_vae"})
        assert caught.value.field == "/base_model_path"


def test_a_load_from_the_cache_warns_at_its_id(own, root):
    file = root / "sdxl_base_file.safetensors"
    save_file(load_file(file) | {"foreign.weight": torch.ones(2, 2)}, file)
    own.loader.load_to_cache("sdxl_base_file", "sdxl")
    context = JobContext()
    own.loader.load_from_cache("sdxl_base_file", context)
    assert [(warning.code, warning.pointer) for warning in context.warnings] == [("weights_unused", "/model_id")]
