"""Input images: where they may come from, what they may be, what happens to them."""

from __future__ import annotations

import base64
import io
import os
import struct

import numpy as np
import pytest
from bench import DEFAULTS, difference, merge
from PIL import Image, ImageCms, ImageOps

from concord_workers.contract import read_partial
from concord_workers.core.errors import ContractError, ImageInvalid
from concord_workers.core.job_context import JobContext
from concord_workers.images import image_input
from concord_workers.images.image_input import (
    BYTES_MAX,
    ImageRef,
    check_image,
    check_mask,
    image_bytes,
    load_image,
    load_mask,
    predict_image_warnings,
    predict_mask_warnings,
)

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
    assert engine.violations(conditioning={"init_image": "pipe.png"}) == [("image_invalid", FIELD)]


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


def loaded(picture: Image.Image, form: str = "PNG", channel=None, size=None, **options) -> Image.Image:
    context = JobContext()
    content = encoded(picture, form, **options)
    size = size or picture.size
    mask = channel is not None
    image = load_mask(content, FIELD, size, context, channel) if mask else load_image(content, FIELD, size, context)
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
    assert list(np.asarray(loaded(ramp, channel="luminance")).flatten()) == list(range(256))


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
    mask = load_mask(encoded(half), FIELD, (64, 64), context, "luminance")
    assert set(np.unique(np.asarray(mask))) == {0, 255}
    assert [warning.code for warning in context.warnings] == ["image_resized"]


@pytest.mark.parametrize("size", [(60_000_000, 1), (1, 60_000_000), (65_536, 8)])
def test_a_side_that_no_resize_bears_is_refused_by_its_header(size):
    assert code_of(lambda: check_image(encoded(Image.new("1", size)), FIELD)) == "image_invalid"


def test_the_longest_side_is_taken():
    assert loaded(Image.new("1", (65_535, 8)), size=(65_535, 8)).size == (65_535, 8)


# Pictures in one JPEG


def mpf(kinds=()) -> bytes:
    """A JPEG with a second picture; kinds: types of both in its MPF index."""
    picture = Image.new("RGB", (64, 48), (200, 60, 40))
    content = bytearray(encoded(picture, "MPO", save_all=True, append_images=[Image.new("RGB", (32, 32), "blue")]))
    at = content.index(b"MPF\0") + 4
    entries = at + 8 + 2 + 3 * 12 + 4  # after the TIFF header, three tags and the pointer to the next directory
    for index, kind in enumerate(kinds):
        place = entries + 16 * index
        content[place : place + 4] = kind.to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize("second", [0x000000, 0x010001, 0x010002], ids=["undefined", "vga", "full-hd"])
def test_the_first_picture_of_a_camera_jpeg_is_used(second):
    content = mpf((0x030000, second))
    check_image(content, FIELD)
    red, green, blue = load_image(content, FIELD, (64, 48), JobContext()).getpixel((5, 5))
    assert (red, green, blue) == pytest.approx((200, 60, 40), abs=4)


@pytest.mark.parametrize("kind", [0x020001, 0x020002, 0x020003], ids=["panorama", "disparity", "multi-angle"])
@pytest.mark.parametrize("first", [True, False])
def test_a_picture_among_equals_is_refused(kind, first):
    content = mpf((kind if first else 0x030000, kind))
    assert code_of(lambda: check_image(content, FIELD)) == "image_invalid"


# Colours


def number(value: float) -> bytes:
    return round(value * 65536).to_bytes(4, "big", signed=True)


def profile(red, green, blue, gamma=563, space=b"RGB ") -> bytes:
    """A matrix profile; gamma: in 256ths. space GRAY takes the gamma alone."""

    def xyz(values):
        return b"XYZ \0\0\0\0" + b"".join(map(number, values))

    curve = b"curv\0\0\0\0" + (1).to_bytes(4, "big") + gamma.to_bytes(2, "big") + b"\0\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + (5).to_bytes(4, "big") + b"Test\0" + b"\0" * 79,
        b"cprt": b"text\0\0\0\0no\0\0",
        b"wtpt": xyz((0.9642, 1, 0.8249)),
    }
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        tags |= {b"rXYZ": xyz(red), b"gXYZ": xyz(green), b"bXYZ": xyz(blue), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    table, data, offset = b"", b"", 132 + 12 * len(tags)
    for name, value in tags.items():
        value += b"\0" * (-len(value) % 4)
        table += name + (offset + len(data)).to_bytes(4, "big") + len(value).to_bytes(4, "big")
        data += value
    head = (offset + len(data)).to_bytes(4, "big") + b"none" + (0x02100000).to_bytes(4, "big") + b"mntr" + space + b"XYZ "
    head += b"".join(part.to_bytes(2, "big") for part in (2024, 1, 1, 0, 0, 0)) + b"acsp"
    head = head.ljust(68, b"\0") + number(0.9642) + number(1) + number(0.8249)
    return head.ljust(128, b"\0") + len(tags).to_bytes(4, "big") + table + data


P3 = profile((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))
GREY = profile(None, None, None, gamma=256, space=b"GRAY")


def coloured(picture, form, icc, size=None):
    context = JobContext()
    image = load_image(encoded(picture, form, icc_profile=icc), FIELD, size or picture.size, context)
    assert image.mode == "RGB" and image.info == {}
    return image, [(w.code, w.pointer) for w in context.warnings]


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_another_profile_is_converted_and_said(mode, form):
    colour = (200, 60, 40) + ((255,) if mode == "RGBA" else ())
    options = {"lossless": True} if form == "WEBP" else {}
    context = JobContext()
    content = encoded(Image.new(mode, (8, 8), colour), form, icc_profile=P3, **options)
    image = load_image(content, FIELD, (8, 8), context)
    assert image.getpixel((3, 3)) == pytest.approx((219, 37, 13), abs=2)
    assert [(w.code, w.pointer) for w in context.warnings] == [("colour_converted", FIELD)]


def test_a_palette_with_a_profile_is_converted():
    image, warnings = coloured(Image.new("RGB", (8, 8), (200, 60, 40)).quantize(4), "PNG", P3)
    assert image.getpixel((3, 3)) == pytest.approx((219, 37, 13), abs=2)
    assert warnings == [("colour_converted", FIELD)]


def test_a_grey_profile_is_applied_to_grey():
    image, warnings = coloured(Image.new("L", (8, 8), 64), "PNG", GREY)
    assert image.getpixel((3, 3)) == pytest.approx((137, 137, 137), abs=2)  # a quarter of the light
    assert warnings == [("colour_converted", FIELD)]


def test_srgb_by_any_name_is_left_alone():
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image, warnings = coloured(Image.new("RGB", (8, 8), (200, 60, 40)), "PNG", own)
    assert (image.getpixel((3, 3)), warnings) == ((200, 60, 40), [])


@pytest.mark.parametrize("icc", [b"no profile", P3[:150], GREY, b"\0" * 200], ids=["text", "cut", "of-another-kind", "zeros"])
def test_a_profile_that_cannot_be_used_is_said(icc):
    image, warnings = coloured(Image.new("RGB", (8, 8), (200, 60, 40)), "PNG", icc)
    assert image.getpixel((3, 3)) == (200, 60, 40)
    assert warnings == [("colour_profile_ignored", FIELD)]


def test_a_mask_keeps_its_values_whatever_its_profile(inputs):
    content = encoded(Image.new("L", (8, 8), 64), icc_profile=GREY)
    context = JobContext()
    assert load_mask(content, FIELD, (8, 8), context, "luminance").getpixel((3, 3)) == 64
    assert context.warnings == []


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("masked", [True, False])
def test_what_is_made_of_a_p3_photograph_is_srgb_without_a_profile(engine, inputs, form, masked):
    photograph = url(encoded(Image.new("RGB", (64, 64), (200, 60, 40)), icc_profile=P3))
    black = url(encoded(Image.new("L", (64, 64))))
    context = JobContext()
    conditioning = {"init_image": photograph} | ({"inpaint_mask": black} if masked else {})
    result = engine.run(
        context, conditioning=conditioning, hyperparameters={"strength": 0.7}, postprocessing={"output_format": form}
    )
    assert [w.code for w in context.warnings] == ["colour_converted"]
    with Image.open(result["images"][0]) as picture:
        assert "icc_profile" not in picture.info
        if masked:
            assert picture.convert("RGB").getpixel((5, 5)) == pytest.approx((219, 37, 13), abs=6)


# Masks in the alpha channel


def alpha_mask(colour, left, right, mode="RGBA") -> Image.Image:
    mask = Image.new(mode, (64, 64), (*colour, right))
    mask.paste((*colour, left), (0, 0, 32, 64))
    return mask


ALPHA = [
    (alpha_mask((255, 255, 255), 255, 0), "alpha"),
    (alpha_mask((0, 0, 0), 0, 255), "alpha_inverted"),
    (alpha_mask((9,), 255, 0, "LA"), "alpha"),
]


@pytest.mark.parametrize(("mask", "channel"), ALPHA)
def test_the_channel_that_is_asked_for_says_what_is_repainted(engine, inputs, mask, channel):
    assert loaded(mask, channel=channel).getpixel((5, 5)) == 255
    assert loaded(mask, channel=channel).getpixel((60, 5)) == 0
    before = np.asarray(Image.open(inputs / "init.png").convert("RGB")).astype(int)
    conditioning = {"init_image": "init.png", "inpaint_mask": url(encoded(mask)), "mask_channel": channel}
    after = engine.picture(conditioning=conditioning, hyperparameters={"strength": 1.0})
    changed = (np.abs(after.astype(int) - before) > 2).any(2)
    assert changed[:, :32].mean() > 0.9 and changed[:, 32:].mean() < 0.1


@pytest.mark.parametrize("mask", [mask for mask, _ in ALPHA])
def test_a_mask_whose_shape_is_in_its_alpha_is_refused_before_it_runs(engine, mask):
    conditioning = {"init_image": "init.png", "inpaint_mask": url(encoded(mask))}
    assert engine.violations(conditioning=conditioning) == [("image_invalid", "/conditioning/inpaint_mask")]
    with pytest.raises(ImageInvalid) as caught:
        check_mask(encoded(mask), FIELD, "luminance")
    assert "mask_channel" in caught.value.hint


@pytest.mark.parametrize("channel", ["alpha", "alpha_inverted"])
@pytest.mark.parametrize("mode", ["L", "RGB", "1", "CMYK"])
def test_a_mask_without_alpha_has_no_alpha_to_read(channel, mode):
    form = "JPEG" if mode == "CMYK" else "PNG"
    assert code_of(lambda: check_mask(encoded(Image.new(mode, (8, 8)), form), FIELD, channel)) == "image_invalid"


def test_masks_that_luminance_can_read_are_read():
    opaque = Image.new("RGBA", (8, 8), (255, 255, 255, 255))
    assert loaded(opaque, channel="luminance").getpixel((0, 0)) == 255
    two_colours = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    two_colours.putpixel((0, 0), (255, 255, 255, 255))
    assert loaded(two_colours, channel="luminance").getpixel((0, 0)) == 255
    transparent = Image.new("P", (8, 8))
    transparent.putpalette([255, 255, 255, 0, 0, 0])
    assert loaded(transparent, channel="alpha", transparency=0).getpixel((0, 0)) == 0


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_the_check_refuses_half_a_picture_too(form):
    content = encoded(Image.effect_noise((64, 64), 50).convert("RGB"), form)
    assert code_of(lambda: check_image(content[: len(content) // 2], FIELD)) == "image_invalid"


def exif(*entries: tuple[int, int, int, int]) -> bytes:
    """An EXIF block of entries: tag, type, count, value or offset."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries)) + packed + bytes(4)


@pytest.mark.parametrize(
    "others",
    [(), ((0x111, 12, 1, 8),), ((0x10F, 8, 1, 0xFFFF), (0x117, 1, 3, 0xFF)), ((0x8769, 2, 4, 0x41414141),)],
    ids=["alone", "number", "signed", "text for a place"],
)
def test_a_picture_is_turned_whatever_else_its_exif_holds(others):
    upright = Image.new("RGB", (64, 32), (255, 0, 0))
    content = encoded(upright, "JPEG", exif=exif((0x112, 3, 1, 6), *others))
    check_image(content, FIELD)
    picture = load_image(content, FIELD, (32, 64), context := JobContext())
    assert picture.size == (32, 64) and not context.warnings and not picture.info


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_that_of_pillow(orientation):
    noise = Image.effect_noise((64, 32), 50).convert("RGB")
    content = encoded(noise, exif=exif((0x112, 3, 1, orientation)))
    truth = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    assert np.array_equal(np.asarray(load_image(content, FIELD, truth.size, JobContext())), np.asarray(truth))


# What a query foresees


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


PICTURES = {
    "of the size": lambda: encoded(Image.new("RGB", (64, 64))),
    "wide": lambda: encoded(Image.new("RGB", (96, 64))),
    "upright": lambda: encoded(Image.new("RGB", (64, 32)), "JPEG", exif=turned(3)),
    "on its side": lambda: encoded(Image.new("RGB", (64, 32)), "JPEG", exif=turned(6)),
    "a PNG on its side": lambda: encoded(Image.new("RGB", (64, 32)), exif=turned(8)),
    "of broken EXIF": lambda: encoded(Image.new("RGB", (64, 32)), "JPEG", exif=b"Exif\0\0MM\0"),
    "P3": lambda: encoded(Image.new("RGB", (64, 64)), icc_profile=P3),
    "a P3 palette": lambda: encoded(Image.new("RGB", (64, 64)).quantize(4), icc_profile=P3),
    "grey": lambda: encoded(Image.new("L", (64, 64), 64), icc_profile=GREY),
    "of 16 bits": lambda: encoded(Image.new("I;16", (64, 64)), icc_profile=GREY),
    "of another profile": lambda: encoded(Image.new("RGB", (32, 64)), icc_profile=GREY),
    "of no profile": lambda: encoded(Image.new("RGB", (64, 64)), icc_profile=b"no profile"),
}


@pytest.mark.parametrize("decoded", [True, False], ids=["decoded", "by its header"])
@pytest.mark.parametrize("make", PICTURES.values(), ids=PICTURES)
def test_what_reading_a_picture_warns_of_is_foreseen(monkeypatch, make, decoded):
    if not decoded:
        monkeypatch.setattr(image_input, "_CHECKED_PIXELS_MAX", 0)
    foreseen, read, masks = JobContext(), JobContext(), (JobContext(), JobContext())
    predict_image_warnings(make(), FIELD, (64, 64), foreseen)
    predict_mask_warnings(make(), FIELD, (64, 64), masks[0])
    load_image(make(), FIELD, (64, 64), read)
    load_mask(make(), FIELD, (64, 64), masks[1], "luminance")
    assert foreseen.warnings == read.warnings
    assert masks[0].warnings == masks[1].warnings


def test_a_query_warns_as_the_job_does(engine):
    wide, tall = (url(encoded(Image.new("RGB", size))) for size in ((96, 64), (64, 96)))
    net = {"type": "canny", "model": "controlnet_canny", "image": tall, "weight": 1.0}
    window = {"guidance_start": 0.0, "guidance_end": 1.0, "preprocess": False}
    changes = {
        "conditioning": {"init_image": wide, "inpaint_mask": tall, "control_nets": [net | window]},
        "hyperparameters": {"strength": 0.7},
    }
    foreseen, run = JobContext(), JobContext()
    engine.worker.predict_warnings(read_partial(merge(DEFAULTS, changes)), foreseen)
    engine.run(run, **changes)
    assert len(run.warnings) == 3 and foreseen.warnings == run.warnings


def test_a_query_about_pictures_that_are_refused_warns_of_none(engine):
    changes = {"conditioning": {"init_image": "absent.png", "inpaint_mask": url(b"none")}}
    foreseen = JobContext()
    engine.worker.predict_warnings(read_partial(merge(DEFAULTS, changes)), foreseen)
    assert foreseen.warnings == []


def test_a_profile_as_large_as_a_jpeg_can_hold_is_read_or_said():
    content = encoded(Image.new("RGB", (8, 8)), "JPEG", icc_profile=P3 + bytes(12 << 20))
    context = JobContext()
    assert load_image(content, FIELD, (8, 8), context).size == (8, 8)
    assert [warning.code for warning in context.warnings] in (["colour_converted"], ["colour_profile_ignored"])
