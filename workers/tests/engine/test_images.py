"""Input images: where they may come from, what they may be, what happens to them."""

from __future__ import annotations

import base64
import io
import os

import numpy as np
import pytest
from bench import difference
from PIL import Image

from core.errors import ContractError, ImageInvalid
from core.job_context import JobContext
from inference.image_input import BYTES_MAX, ImageRef, check_image, image_bytes, load_image

FIELD = "/conditioning/init_image"


def encoded(picture: Image.Image, form: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def url(content: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64," + base64.b64encode(content).decode()


def code_of(call) -> str:
    with pytest.raises(ContractError) as caught:
        call()
    assert caught.value.field == FIELD
    return caught.value.code


def read(engine, reference: str) -> bytes:
    return image_bytes(engine.roots, ImageRef(reference, FIELD))


def test_a_path_and_a_data_url_are_one_picture(engine, inputs):
    changes = {"hyperparameters": {"strength": 0.7}}
    by_path = engine.picture(conditioning={"init_image": "init.png"}, **changes)
    by_url = engine.picture(conditioning={"init_image": url((inputs / "init.png").read_bytes())}, **changes)
    assert difference(by_path, by_url) == 0


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("absent.png", "image_invalid"),
        ("../absent.png", "path_not_allowed"),
        ("/etc/hostname", "path_not_allowed"),
        ("init.png\0", "path_not_allowed"),
        ("upload:abc", "upload_not_found"),
        ("https://example.org/a.png", "image_invalid"),
        ("data:image/gif;base64,AAAA", "image_invalid"),
        ("data:text/plain,hello", "image_invalid"),
        ("data:image/png;base64,!!!", "image_invalid"),
    ],
)
def test_references_that_are_refused(engine, reference, code):
    assert code_of(lambda: read(engine, reference)) == code


def test_a_link_out_of_the_root_is_refused(engine, inputs, tmp_path):
    outside = tmp_path / "outside.png"
    Image.new("RGB", (8, 8)).save(outside)
    (inputs / "link.png").symlink_to(outside)
    assert code_of(lambda: read(engine, "link.png")) == "path_not_allowed"


def test_a_pipe_is_refused_and_not_waited_for(engine, inputs):
    os.mkfifo(inputs / "pipe.png")
    with pytest.raises(ImageInvalid, match="no regular file"):
        read(engine, "pipe.png")
    assert engine.faults(conditioning={"init_image": "pipe.png"}) == [("image_invalid", FIELD)]


def test_a_file_that_no_picture_fills_is_not_read(engine, inputs):
    with (inputs / "vast.png").open("wb") as file:
        file.truncate(BYTES_MAX + 1)
    with pytest.raises(ImageInvalid, match="over the limit"):
        read(engine, "vast.png")


@pytest.mark.parametrize(
    "content",
    [
        b"no picture",
        encoded(Image.new("RGB", (8, 8)), "BMP"),
        encoded(Image.new("P", (8, 8)), "GIF"),
        encoded(Image.new("RGB", (8, 8)), "PNG", save_all=True, append_images=[Image.new("RGB", (8, 8), "red")]),
        b"",
    ],
    ids=["text", "bmp", "gif", "animated", "empty"],
)
def test_contents_that_are_refused(content):
    assert code_of(lambda: check_image(content, FIELD)) == "image_invalid"


def test_half_a_picture_is_refused():
    content = encoded(Image.effect_noise((64, 64), 50).convert("RGB"))
    assert code_of(lambda: load_image(content[: len(content) // 2], FIELD, (64, 64), JobContext())) == "image_invalid"


def test_a_bomb_is_refused_by_its_header():
    huge = encoded(Image.new("1", (9000, 9000)))
    with pytest.raises(ImageInvalid, match="9000x9000"):
        check_image(huge, FIELD)


def loaded(picture: Image.Image, form: str = "PNG", mode="RGB", size=None, **options) -> Image.Image:
    context = JobContext()
    image = load_image(encoded(picture, form, **options), FIELD, size or picture.size, context, mode)
    assert context.warnings == []
    return image


def test_alpha_is_dropped_not_blended():
    assert loaded(Image.new("RGBA", (8, 8), (10, 20, 30, 0))).getpixel((0, 0)) == (10, 20, 30)
    assert loaded(Image.new("LA", (8, 8), (99, 0))).getpixel((0, 0)) == (99, 99, 99)


def test_exif_orientation_is_applied():
    picture = Image.new("RGB", (8, 4), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    assert loaded(picture, "JPEG", size=(4, 8), exif=exif).size == (4, 8)


def test_sixteen_bits_are_scaled():
    ramp = Image.fromarray((np.arange(256, dtype=np.uint16) * 257).reshape(16, 16))
    assert list(np.asarray(loaded(ramp, mode="L")).flatten()) == list(range(256))


def test_another_size_is_resized_and_said(engine):
    context = JobContext()
    big = url(encoded(Image.new("RGB", (100, 90), "red")))
    engine.run(context, conditioning={"init_image": big, "inpaint_mask": big}, hyperparameters={"strength": 0.7})
    assert [(w.code, w.pointer) for w in context.warnings] == [
        ("image_resized", "/conditioning/init_image"),
        ("image_resized", "/conditioning/inpaint_mask"),
    ]


def test_masks_are_resized_without_new_greys():
    half = Image.new("L", (2, 2))
    half.putpixel((0, 0), 255)
    context = JobContext()
    mask = load_image(encoded(half), FIELD, (64, 64), context, "L")
    assert set(np.unique(np.asarray(mask))) == {0, 255}
    assert [warning.code for warning in context.warnings] == ["image_resized"]
