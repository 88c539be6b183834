"""Every violation of a data set is found before the first step, named by its file, and nothing is passed over."""

from __future__ import annotations

import json
import os

import pytest
from PIL import Image, ImageCms
from training_lab import fill, picture

from concord_workers.core.errors import ContractError
from concord_workers.training.dataset import read_dataset


def read(root, default=None, must_hold=None):
    return read_dataset(root, default, must_hold, lambda: None)


def violations(root, **how) -> list[dict]:
    with pytest.raises(ContractError) as raised:
        read(root, **how)
    error = raised.value
    assert error.code == "validation_failed"
    assert error.field == "/training_data"
    assert {entry["pointer"] for entry in error.errors} == {"/training_data"}
    assert error.details == {"faults": len(error.errors), "faults_listed": len(error.errors)}
    return error.errors


def one_violation(root, code: str, *words: str, **how) -> None:
    (entry,) = violations(root, **how)
    assert entry["code"] == code
    for word in words:
        assert word in entry["message"]


def test_captions_from_texts(tmp_path):
    fill(tmp_path, 2, caption=" a cat \n")
    picture(2).save(tmp_path / "sub.webp")
    (tmp_path / "sub.txt").write_bytes(b"\xef\xbb\xbfa webp cat")
    (tmp_path / ".DS_Store").write_bytes(b"junk")
    dataset = read(tmp_path)
    assert [(p.path.name, p.caption) for p in dataset.pictures] == [
        ("0.png", "a cat"),
        ("1.png", "a cat"),
        ("sub.webp", "a webp cat"),
    ]


def test_captions_from_metadata(tmp_path):
    fill(tmp_path, 1, caption=None)
    fill(tmp_path / "more", 1, caption=None)
    rows = [{"file_name": "0.png", "text": "a cat"}, {"file_name": "./more/0.png", "text": "ein Kätzchen"}]
    (tmp_path / "metadata.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n\n")
    assert [(str(p.path.relative_to(tmp_path)), p.caption) for p in read(tmp_path).pictures] == [
        ("0.png", "a cat"),
        ("more/0.png", "ein Kätzchen"),
    ]


def test_fingerprint_knows_pictures_and_captions(tmp_path):
    fill(tmp_path, 2)
    first = read(tmp_path).fingerprint
    assert read(tmp_path).fingerprint == first
    (tmp_path / "0.txt").write_text("another cat")
    second = read(tmp_path).fingerprint
    picture(3).save(tmp_path / "0.png")
    assert len({first, second, read(tmp_path).fingerprint}) == 3


def test_absent(tmp_path):
    one_violation(tmp_path / "nowhere", "validation_failed", "does not exist")


def test_not_a_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    one_violation(tmp_path / "file", "validation_failed", "is not a folder")


@pytest.mark.parametrize(("name", "code"), [("0.png", "image_invalid"), ("0.txt", "validation_failed")])
def test_a_pipe_is_not_waited_for(tmp_path, name, code):
    fill(tmp_path, 1)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    one_violation(tmp_path, code, name, "no regular file", default="a cat")


def test_a_pipe_of_captions_is_not_waited_for(tmp_path):
    fill(tmp_path, 1, caption=None)
    os.mkfifo(tmp_path / "metadata.jsonl")
    one_violation(tmp_path, "validation_failed", "metadata.jsonl", "no regular file", default="a cat")


def test_empty(tmp_path):
    one_violation(tmp_path, "validation_failed", "holds no pictures")


def test_missing_caption(tmp_path):
    fill(tmp_path, 2)
    (tmp_path / "1.txt").unlink()
    one_violation(tmp_path, "missing_field", "1.png", "no caption")
    assert [p.caption for p in read(tmp_path, default="a dog").pictures][1] == "a dog"


def test_blank_caption_is_missing(tmp_path):
    fill(tmp_path, 1, caption="  \n")
    one_violation(tmp_path, "missing_field", "0.png")


def test_caption_is_no_utf8(tmp_path):
    fill(tmp_path, 1)
    (tmp_path / "0.txt").write_bytes(b"\xff\xfe\x00")
    one_violation(tmp_path, "validation_failed", "0.txt", "UTF-8", default="a dog")


def test_torn_picture(tmp_path):
    fill(tmp_path, 2)
    whole = (tmp_path / "1.png").read_bytes()
    (tmp_path / "1.png").write_bytes(whole[: len(whole) // 2])
    one_violation(tmp_path, "image_invalid", "1.png")


def test_picture_of_another_format(tmp_path):
    fill(tmp_path, 1)
    picture(1).save(tmp_path / "1.png", format="BMP")
    (tmp_path / "1.txt").write_text("a cat")
    one_violation(tmp_path, "image_invalid", "1.png")


def test_too_many_pixels(tmp_path):
    fill(tmp_path, 1)
    Image.new("1", (8192, 8193)).save(tmp_path / "0.png")
    one_violation(tmp_path, "image_invalid", "0.png", "over the limit of 67108864")


def test_stray_file(tmp_path):
    fill(tmp_path, 1)
    (tmp_path / "notes.md").write_text("x")
    one_violation(tmp_path, "image_invalid", "notes.md")


def test_caption_of_no_picture(tmp_path):
    fill(tmp_path, 1)
    (tmp_path / "ghost.txt").write_text("x")
    one_violation(tmp_path, "validation_failed", "ghost.txt")


def test_caption_of_two_pictures(tmp_path):
    fill(tmp_path, 1)
    picture(1).save(tmp_path / "0.webp")
    one_violation(tmp_path, "validation_failed", "0.txt", "0.png", "0.webp")


def test_metadata_and_texts(tmp_path):
    fill(tmp_path, 1)
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "0.png", "text": "a cat"}')
    one_violation(tmp_path, "validation_failed", "0.txt")


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        ('{"text": "a"}', "no file_name"),
        ('{"file_name": "0.png", "text": 3}', "text is no string"),
        ('{"file_name": "0.png", "text": "a", "prompt": "b"}', 'unknown column "prompt"'),
        ('{"file_name": "0.png", "text": "a", "text": "b"}', "`text` stands twice"),
    ],
)
def test_metadata_row(tmp_path, line, word):
    fill(tmp_path, 1, caption=None)
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "0.png", "text": "a cat"}\n' + line)
    one_violation(tmp_path, "validation_failed", "metadata.jsonl line 2", word)


def test_a_caption_that_is_a_pipe(tmp_path):
    fill(tmp_path, 1)
    (tmp_path / "0.txt").unlink()
    os.mkfifo(tmp_path / "0.txt")
    found = {entry["message"]: entry["code"] for entry in violations(tmp_path)}
    assert found == {
        "0.png has no caption": "missing_field",
        "0.txt cannot be read as UTF-8: it is no regular file": "validation_failed",
    }


def test_metadata_names(tmp_path):
    fill(tmp_path, 2, caption=None)
    rows = ["0.png", "0.png", "ghost.png", "../secret.png"]
    (tmp_path / "metadata.jsonl").write_text("\n".join(json.dumps({"file_name": row, "text": "a"}) for row in rows))
    found = {entry["message"].split(": ")[-1]: entry["code"] for entry in violations(tmp_path)}
    assert found == {
        "0.png stands there twice": "validation_failed",
        "there is no picture ghost.png": "image_invalid",
        "there is no picture ../secret.png": "image_invalid",
        "1.png has no caption": "missing_field",
    }


def test_links_out_of_the_folder(tmp_path):
    data = fill(tmp_path / "data", 1)
    elsewhere = fill(tmp_path / "elsewhere", 1)
    (data / "1.png").symlink_to(elsewhere / "0.png")
    (data / "1.txt").write_text("a cat")
    (data / "folder").symlink_to(elsewhere)
    found = violations(data)
    assert [entry["code"] for entry in found] == ["path_not_allowed", "path_not_allowed"]
    assert "1.png" in found[0]["message"] and "folder" in found[1]["message"]


def test_caption_without_the_placeholder(tmp_path):
    fill(tmp_path, 2, caption="a <obj>")
    (tmp_path / "1.txt").write_text("a cat")
    one_violation(tmp_path, "validation_failed", "1.png", "<obj>", must_hold="<obj>")


def test_one_entry_a_file(tmp_path):
    fill(tmp_path, 1, caption=None)
    (tmp_path / "0.png").write_bytes(b"junk")
    (entry,) = violations(tmp_path)
    assert "no caption" in entry["message"] and "neither PNG nor JPEG nor WebP" in entry["message"]


def test_at_most_a_hundred_entries_then_a_count(tmp_path):
    for index in range(103):
        (tmp_path / f"{index:03}.png").write_bytes(b"junk")
        (tmp_path / f"{index:03}.txt").write_text("a cat")
    with pytest.raises(ContractError) as raised:
        read(tmp_path)
    assert len(raised.value.errors) == 100
    assert raised.value.details == {"faults": 103, "faults_listed": 100}
    assert "103 faults, 3 of them not listed" in raised.value.message


def test_reading_can_be_stopped(tmp_path):
    fill(tmp_path, 4)

    def check() -> None:
        raise ContractError("shutting_down", "leaving")

    with pytest.raises(ContractError, match="leaving"):
        read_dataset(tmp_path, None, None, check)


@pytest.mark.parametrize("folder", ["10_sks cat", "1_dog", "0_x", "007_agent"])
def test_kohyas_repeats_are_refused_with_their_reason(tmp_path, folder):
    fill(tmp_path / folder, 1)
    one_violation(tmp_path, "validation_failed", folder, "repeat", "rename the folder")
    one_violation(tmp_path / folder, "validation_failed", folder, "repeat")


@pytest.mark.parametrize("folder", ["reg", "Reg", "reg/1_cat"])
def test_class_pictures_are_not_trained_as_the_subject(tmp_path, folder):
    fill(tmp_path / "img", 1)
    fill(tmp_path / folder, 2, caption=None)
    found = violations(tmp_path, default="a photo of sks cat")
    assert len(found) == 2
    assert all("class pictures" in entry["message"] for entry in found)


@pytest.mark.parametrize("folder", ["2024", "10", "x_10", "regular", "region", "_10", "v1_cats"])
def test_other_folders_are_read(tmp_path, folder):
    fill(tmp_path / folder, 1)
    assert len(read(tmp_path).pictures) == 1


def test_a_caption_file_of_another_extension_says_its_name(tmp_path):
    fill(tmp_path, 1)
    (tmp_path / "0.caption").write_text("a cat")
    one_violation(tmp_path, "image_invalid", "0.caption", "rename it to 0.txt")


@pytest.mark.parametrize("name", ["Thumbs.db", "desktop.ini", "README.md", "0.npz", "metadata.csv"])
def test_what_is_neither_picture_nor_caption_is_named(tmp_path, name):
    fill(tmp_path, 1)
    (tmp_path / name).write_bytes(b"x")
    one_violation(tmp_path, "image_invalid", name, "move it out of the folder")


def test_names_that_differ_in_their_unicode_form_alone_are_told_apart(tmp_path):
    picture(0).save(tmp_path / "cafe\u0301.png")
    (tmp_path / "metadata.jsonl").write_text(json.dumps({"file_name": "caf\u00e9.png", "text": "a cat"}))
    found = violations(tmp_path)
    assert any("Unicode form" in entry["message"] for entry in found)


def test_colours_of_pictures_are_converted_and_said_once(tmp_path):
    fill(tmp_path, 5)
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    for index in range(4):
        picture(index).save(tmp_path / f"{index}.png", icc_profile=icc)
    picture(4).save(tmp_path / "4.png", icc_profile=b"no profile")
    found = read(tmp_path).warnings
    assert [code for code, _ in found] == ["colour_profile_ignored"]
    assert "5 pictures" in found[0][1] and found[0][1].count(".png") == 3


def test_the_first_picture_of_a_camera_jpeg_is_trained_on(tmp_path):
    picture(0).save(tmp_path / "DSC1.JPG", "MPO", save_all=True, append_images=[picture(1)])
    (tmp_path / "DSC1.txt").write_text("a cat")
    assert len(read(tmp_path).pictures) == 1


@pytest.mark.parametrize(
    ("name", "default"), [("0.txt", None), ("metadata.jsonl", None), ("0.png", "a cat")], ids=["caption", "rows", "picture"]
)
@pytest.mark.parametrize("target", ["outside", "itself"])
def test_no_file_is_read_through_a_link_that_leads_out(tmp_path, name, default, target):
    root = tmp_path / "data"
    root.mkdir()
    fill(root, 1)
    if name == "metadata.jsonl":
        (root / "0.txt").unlink()
    (root / name).unlink(missing_ok=True)
    (tmp_path / "secret").write_text("a secret")
    (root / name).symlink_to(tmp_path / "secret" if target == "outside" else name)
    entry = next(entry for entry in violations(root, default=default or "a cat") if name in entry["message"])
    assert entry["code"] == "path_not_allowed"


@pytest.mark.parametrize(
    "row",
    ["[" * 200_000, '{"file_name": "0.png", "text": "\\ud800"}', '{"file_name": "\\udcff.png", "text": "a cat"}'],
    ids=["deep", "text", "name"],
)
def test_rows_that_no_frame_can_hold_are_faults(tmp_path, row):
    fill(tmp_path, 1, caption=None)
    (tmp_path / "metadata.jsonl").write_text(row)
    entry = next(entry for entry in violations(tmp_path) if "line 1" in entry["message"])
    assert entry["code"] == "validation_failed" and entry["message"].encode()


def test_a_name_that_is_no_utf8_is_a_fault(tmp_path):
    fill(tmp_path, 1)
    picture(3).save(tmp_path / "more.png")
    os.rename(tmp_path / "more.png", os.fsencode(tmp_path) + b"/\xff.png")
    one_violation(tmp_path, "validation_failed", "not UTF-8", "udcff")
