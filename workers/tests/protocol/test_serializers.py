"""What options of a serializer write that is no part of the contract: the sentence names the option."""

from __future__ import annotations

import pytest

from concord_workers.core.reader import read
from concord_workers.core.tree import TreeError, parse


@pytest.mark.parametrize(
    ("document", "pointer", "option"),
    [
        ({"Scheduler": {"Type": 5}}, "/Scheduler/Type", "JsonStringEnumConverter"),
        ({"Postprocessing": {"OutputFormat": 0}}, "/Postprocessing/OutputFormat", "JsonStringEnumConverter"),
        ({"$id": "1"}, "/$id", "ReferenceHandler.Preserve"),
        ({"Conditioning": {"Loras": {"$values": []}}}, "/Conditioning/Loras", "ReferenceHandler.Preserve"),
        ({"$type": "A"}, "/$type", "TypeNameHandling"),
    ],
)
def test_the_sentence_names_the_option(document, pointer, option):
    violations = {violation["pointer"]: violation["message"] for violation in read("PromptSubmission", document).violations}
    assert option in violations[pointer]


def test_a_late_bom_is_named():
    with pytest.raises(TreeError, match="byte order mark"):
        parse(b'\xef\xbb\xbf{"action":"get_status"}')


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("// a\n{}", "line 1 column 1"),
        ("{/* a */}", "line 1 column 2"),
        ('{"a":1, // b\n"c":2}', "line 1 column 9"),
        ('{"a": /* b */ 1}', "line 1 column 7"),
        ('{"a":[1 /* b */]}', "line 1 column 9"),
        ("{} // a", "line 1 column 4"),
    ],
)
def test_a_comment_is_named(text, place):
    with pytest.raises(TreeError, match=f"JSON has no comments: one begins at {place}"):
        parse(text.encode())


def test_what_looks_like_a_comment_in_a_string_is_none():
    with pytest.raises(TreeError) as caught:
        parse(b'{"a":"// no comment",}')
    assert "comment" not in str(caught.value)
