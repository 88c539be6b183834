"""The files that a job writes: names, formats, quality, the record inside, bytes that repeat."""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path

import pytest
from bench import pixels
from PIL import Image

from core.errors import ContractError
from core.job_context import JobContext
from postprocessing import image_writer
from postprocessing.image_writer import encode_picture, read_record, uuid7, write_picture

UUID7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def test_names_are_request_attempt_and_index(engine):
    result = engine.run(JobContext("req-1", attempt=2), hyperparameters={"batch_size": 2})
    folder, first = Path(result["images"][0]).parent, Path(result["images"][0]).name
    assert first == "req-1_2_000.png" and Path(result["images"][1]).name == "req-1_2_001.png"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", folder.name) and folder.parent == engine.roots.output_dir
    assert not list(folder.glob(".*.part"))


def test_a_taken_name_is_not_overwritten(engine):
    first, second = (Path(engine.run(JobContext("same"), hyperparameters={"seed": seed})["images"][0]) for seed in (1, 2))
    assert first.name == "same_1_000.png"
    assert re.fullmatch(UUID7 + r"_1_000\.png", second.name)
    assert first.read_bytes() != second.read_bytes()


def test_without_a_request_id_a_job_s_files_share_a_uuid(engine):
    names = [Path(path).name for path in engine.run(hyperparameters={"batch_size": 2})["images"]]
    assert re.fullmatch(UUID7 + r"_1_000\.png", names[0])
    assert names[1] == names[0].replace("_000", "_001")


def test_uuids_sort_by_time():
    made = [uuid7() for _ in range(50)]
    assert len(set(made)) == 50
    assert [name[:8] for name in made] == sorted(name[:8] for name in made)


@pytest.mark.parametrize(("name", "extension"), [("png", "png"), ("jpeg", "jpg"), ("webp", "webp")])
def test_formats(engine, name, extension):
    result = engine.run(postprocessing={"output_format": name, "quality": None if name == "png" else 80})
    path = Path(result["images"][0])
    detail = result["image_details"][0]
    with Image.open(path) as picture:
        assert picture.format.lower() == name
    assert path.suffix == f".{extension}" and path.is_absolute()
    assert detail["format"] == name and detail["bytes"] == path.stat().st_size
    import hashlib

    assert detail["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["jpeg", "webp"])
def test_quality_changes_the_size(engine, name):
    sizes = [
        engine.run(postprocessing={"output_format": name, "quality": quality})["image_details"][0]["bytes"]
        for quality in (10, 60, 100)
    ]
    assert sizes == sorted(sizes) and sizes[0] < sizes[2]


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
def test_equal_jobs_give_equal_bytes(engine, name):
    changes = {"postprocessing": {"output_format": name, "quality": 90}}
    one = engine.run(JobContext("one"), **changes, metadata={"tags": {"a": "1"}})
    other = engine.run(JobContext("two", attempt=2), **changes, metadata={"tags": {}, "priority": "high"})
    assert Path(one["images"][0]).read_bytes() == Path(other["images"][0]).read_bytes()


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
def test_the_record_is_the_effective_submission(engine, tiny, name):
    result = engine.run(
        model={"base": str(tiny / "sdxl_base")},
        hyperparameters={"seed": 41, "batch_size": 2, "strength": 0.7},
        conditioning={
            "prompt": "ein Käse, 猫 🐈",
            "init_image": "init.png",
            "loras": [{"name": "lora_style.safetensors", "weight": 0.5}],
        },
        postprocessing={"output_format": name, "quality": 90},
        metadata={"tags": {"secret": "not in the picture"}},
    )
    second = json.loads(read_record(Path(result["images"][1])))
    assert second["hyperparameters"]["seed"] == 42
    assert second["model"]["base"] == "sdxl_base"
    assert second["conditioning"]["prompt"] == "ein Käse, 猫 🐈"
    assert second["conditioning"]["loras"][0]["name"] == "lora_style.safetensors"
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", second["conditioning"]["init_image"])
    assert "metadata" not in second and "secret" not in json.dumps(second)
    assert str(tiny) not in json.dumps(second)


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
def test_a_record_of_any_length_is_kept_whole(tmp_path, name):
    record = json.dumps({"prompt": "猫" * 60_000}, ensure_ascii=False)
    path = tmp_path / f"picture.{name}"
    path.write_bytes(encode_picture(Image.new("RGB", (64, 64), "red"), name, 90, record))
    assert read_record(path) == record
    assert pixels(str(path)).shape == (64, 64, 3)


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "storage_full"), (errno.EACCES, "internal")])
def test_a_disk_that_refuses_is_said(tmp_path, monkeypatch, number, code):
    def refuse(*_args):
        raise OSError(number, "refused")

    monkeypatch.setattr(image_writer.os, "link", refuse)
    with pytest.raises(ContractError) as caught:
        write_picture(tmp_path, Image.new("RGB", (8, 8)), "png", 90, "{}", ("id", 1, 0))
    assert caught.value.code == code
    assert list(tmp_path.rglob("*.part")) == []
