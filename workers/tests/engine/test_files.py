"""The files that a job writes: names, formats, quality, the record inside, bytes that repeat."""

from __future__ import annotations

import errno
import json
import os
import re
from pathlib import Path

import pytest
from bench import Engine, pixels
from PIL import Image

from concord_workers.core.errors import ContractError, ModelInvalid, PathNotAllowed
from concord_workers.core.ids import uuid7
from concord_workers.core.job_context import JobContext
from concord_workers.core.roots import Roots
from concord_workers.models.facts import describe
from concord_workers.models.file_checks import validate_path
from concord_workers.models.safetensors_file import read_header
from concord_workers.postprocessing import image_writer
from concord_workers.postprocessing.image_writer import encode_picture, read_record, write_picture

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


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS, errno.EIO])
def test_a_disk_that_refuses_is_said(tmp_path, monkeypatch, number):
    def refuse(*_args):
        raise OSError(number, "refused")

    monkeypatch.setattr(image_writer, "publish", refuse)
    with pytest.raises(ContractError) as caught:
        write_picture(tmp_path, Image.new("RGB", (8, 8)), "png", 90, "{}", ("id", 1, 0))
    assert caught.value.code == "storage_full" and "refused" in caught.value.message
    assert list(tmp_path.rglob("*.part")) == []


def test_an_output_directory_that_became_a_file_is_said(tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(ContractError) as caught:
        write_picture(tmp_path / "out", Image.new("RGB", (8, 8)), "png", 90, "{}", ("id", 1, 0))
    assert caught.value.code == "storage_full"


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK])
def test_without_hard_links_files_are_written_and_none_is_overwritten(tmp_path, monkeypatch, number):
    def no_links(*_args):
        raise OSError(number, "no links here")

    monkeypatch.setattr(os, "link", no_links)

    def write(colour):
        return write_picture(tmp_path, Image.new("RGB", (8, 8), colour), "png", 90, "{}", ("id", 1, 0)).path

    first, second = write("red"), write("blue")
    assert first.name == "id_1_000.png" and re.fullmatch(UUID7 + r"_1_000\.png", second.name)
    assert pixels(str(first))[0, 0].tolist() == [255, 0, 0] and pixels(str(second))[0, 0].tolist() == [0, 0, 255]
    assert len(list(tmp_path.rglob("*"))) == 3, "the folder of the day and two files"


def test_a_disk_that_fills_while_a_name_is_taken_leaves_no_empty_file(tmp_path, monkeypatch):
    def no_links(*_args):
        raise OSError(errno.EPERM, "no links here")

    def full(*_args):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ContractError):
        write_picture(tmp_path, Image.new("RGB", (8, 8)), "png", 90, "{}", ("id", 1, 0))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def saved(engine, request_id: str) -> list[Path]:
    return list(engine.roots.output_dir.rglob(f"{request_id}_*"))


def test_a_full_disk_leaves_no_picture_of_the_job(engine, monkeypatch):
    publish, published = image_writer.publish, []

    def publish_once(beside, path):
        if published:
            raise OSError(errno.ENOSPC, "refused")
        published.append(path)
        publish(beside, path)

    monkeypatch.setattr(image_writer, "publish", publish_once)
    with pytest.raises(ContractError) as caught:
        engine.run(JobContext("full"), hyperparameters={"batch_size": 2})
    assert caught.value.code == "storage_full"
    assert len(published) == 1 and saved(engine, "full") == []


def test_a_cancel_while_saving_leaves_no_picture_of_the_job(engine):
    found = []

    def cancel_at_first(progress):
        if progress.stage == "saving":
            found.extend(saved(engine, "stopped"))
            context.cancel()

    context = JobContext("stopped", on_progress=cancel_at_first)
    with pytest.raises(ContractError) as caught:
        engine.run(context, hyperparameters={"batch_size": 2})
    assert caught.value.code == "cancelled"
    assert len(found) == 1 and saved(engine, "stopped") == []


def test_a_pipe_is_no_model(tmp_path):
    pipe = tmp_path / "pipe.safetensors"
    os.mkfifo(pipe)
    for read in (read_header, describe):
        with pytest.raises(ModelInvalid, match="no regular file"):
            read(pipe)
    folder = tmp_path / "folder"
    folder.mkdir()
    os.mkfifo(folder / "config.json")
    os.mkfifo(folder / "weights.safetensors")
    with pytest.raises(ModelInvalid, match="no regular file"):
        describe(folder)
    for path in ("pipe.safetensors", "folder"):
        row = validate_path(Roots([tmp_path], [], tmp_path / "out"), path, "/model_paths/0", True, JobContext(), lambda: None)
        assert not row["is_valid"] and "no regular file" in row["issues"][0]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model": {"base": "pipe.safetensors"}}, "/model/base"),
        ({"conditioning": {"loras": [{"name": "pipe.safetensors", "weight": 1.0}]}}, "/conditioning/loras/0/name"),
    ],
    ids=["base", "lora"],
)
def test_a_job_with_a_pipe_is_refused_and_does_not_wait(tiny, inputs, tmp_path, changes, field):
    own = Engine(tmp_path, inputs, tmp_path / "out")
    (tmp_path / "sdxl_base").symlink_to(tiny / "sdxl_base")
    own.roots.model_roots.append(tiny.resolve())
    os.mkfifo(tmp_path / "pipe.safetensors")
    assert own.violations(**changes) == [("model_invalid", field)]


def test_a_path_outside_the_roots_is_named_by_its_place(engine):
    with pytest.raises(PathNotAllowed) as caught:
        engine.loader.validate_model_files(["sdxl_vae", "/etc/hostname"])
    assert caught.value.field == "/model_paths/1"
