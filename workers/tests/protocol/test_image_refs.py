"""References to images that are base64 without `data:`: the vectors that the Rust side is held to as well."""

from __future__ import annotations

import json

import pytest
from documents import FIXTURES

from concord_workers.core.errors import ImageInvalid
from concord_workers.core.image_ref import refuse_bare_base64
from concord_workers.core.roots import Roots


def test_the_shared_vectors():
    cases = json.loads((FIXTURES / "image_refs.json").read_text(encoding="utf-8"))["cases"]
    assert len(cases) >= 15
    for case in cases:
        hint = None
        try:
            refuse_bare_base64(case["reference"], "/conditioning/init_image")
        except ImageInvalid as refused:
            hint = refused.hint
        wanted = case["kind"] and f"write data:image/{case['kind']};base64, before it"
        assert hint == wanted, case


def test_ten_megabytes_are_not_quoted(tmp_path):
    with pytest.raises(ImageInvalid, match=r"^10485760 characters of base64 instead of a path") as refused:
        refuse_bare_base64("A" * (10 << 20), "/conditioning/init_image")
    assert len(refused.value.message) < 200
    # Nor as a path, be it too long a name or a place outside.
    roots = Roots([tmp_path], [tmp_path], tmp_path)
    for path in ("ä." * (1 << 20), "../" + "ä." * (1 << 20), "/" + "a./" * (1 << 20)):
        with pytest.raises(Exception) as refused:
            roots.resolve_input(path)
        assert len(refused.value.message) < 300, refused.value.message[:400]
