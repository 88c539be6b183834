"""Weighted prompts, their escapes, and prompts of any length."""

from __future__ import annotations

import pytest
from bench import difference

from concord_workers.conditioning.prompt import Fragment, parse_prompt


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a cat", [("a cat", 1.0)]),
        ("", [("", 1.0)]),
        ("a (cat:1.2) here", [("a ", 1.0), ("cat", 1.2), (" here", 1.0)]),
        ("(cat: 1.5 )", [("cat", 1.5)]),
        ("(cat:.5)", [("cat", 0.5)]),
        ("(cat:-1)", [("cat", -1.0)]),
        ("(cat)", [("(cat)", 1.0)]),
        ("(cat:soft)", [("(cat:soft)", 1.0)]),
        ("(a:b:1.1)", [("a:b", 1.1)]),
        ("(:1.2)", [("(:1.2)", 1.0)]),
        (r"\(cat:1.2\)", [("(cat:1.2)", 1.0)]),
        (r"(a \(b\):1.2)", [("a (b)", 1.2)]),
        (r"a \b \\ c", [("a \\b \\ c", 1.0)]),
        ("((a:2) b:1.5)", [("a", 3.0), (" b", 1.5)]),
        ("(a (b) c:1.2)", [("a (b) c", 1.2)]),
        ("(a:1.2", [("(a:1.2", 1.0)]),
        ("a:1.2)", [("a:1.2)", 1.0)]),
        (") (a:2)", [(") ", 1.0), ("a", 2.0)]),
        ("(a:2)(b:2)", [("ab", 2.0)]),
        ("(a (b:2):3)(c:.5)", [("a ", 3.0), ("b", 6.0), ("c", 0.5)]),
        ("((a:2) (b):2)", [("a", 4.0), (" (b)", 2.0)]),
        ("(a:1:2)", [("a:1", 2.0)]),
        ("(a:2\\)", [("(a:2)", 1.0)]),
        ("(a: 2\n)", [("a", 2.0)]),
    ],
)
def test_parsing(prompt, expected):
    assert parse_prompt(prompt, weighting=True) == [Fragment(*pair) for pair in expected]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("(" * 1638 + "a" + ":1)" * 1638, Fragment("a", 1.0)),
        ("(" * 1170 + "a" + ":1.0)" * 1170, Fragment("a", 1.0)),
        ("(" * 4095 + "a" + ")" * 4096, Fragment("(" * 4095 + "a" + ")" * 4096, 1.0)),
        ("(" * 8192, Fragment("(" * 8192, 1.0)),
    ],
    ids=["weights", "decimals", "plain", "open"],
)
def test_groups_nest_as_deep_as_a_prompt_is_long(prompt, expected):
    assert len(prompt) <= 8192
    assert parse_prompt(prompt, weighting=True) == [expected]


def test_without_weighting_everything_is_text():
    assert parse_prompt(r"a (cat:1.2) \(", weighting=False) == [Fragment(r"a (cat:1.2) \(", 1.0)]


def test_weight_one_is_the_plain_prompt(engine, plain):
    assert difference(engine.picture(conditioning={"prompt": "a photo of a (cat:1.0)"}), plain) == 0


def test_weights_act_by_their_size(engine, plain):
    strong, weak = (engine.picture(conditioning={"prompt": f"a photo of a (cat:{w})"}) for w in (1.4, 0.6))
    assert min(difference(strong, plain), difference(weak, plain), difference(strong, weak)) > 2


def test_the_same_text_without_weighting_is_another_prompt(engine):
    weighted, literal = (
        engine.picture(conditioning={"prompt": "a (cat:1.4)"}, hyperparameters={"prompt_weighting": on}) for on in (True, False)
    )
    escaped = engine.picture(conditioning={"prompt": r"a \(cat:1.4\)"})
    assert difference(weighted, literal) > 2
    assert difference(escaped, literal) == 0


@pytest.mark.parametrize("field", ["prompt", "prompt_2", "negative_prompt", "negative_prompt_2"])
def test_the_end_of_a_long_prompt_counts(engine, field):
    long = "a photo of a castle and a red cat " * 20
    cat, dog = (engine.picture(conditioning={field: long + end}) for end in ("a cat", "a dog"))
    assert difference(cat, dog) > 0


def test_chunks_are_padded_to_the_longest(engine):
    longest = engine.picture(conditioning={"prompt": "a cat " * 100, "negative_prompt": "red"})
    assert longest.shape == (64, 64, 3)


def test_without_a_negative_prompt_the_base_gets_zeros(engine, plain):
    assert difference(engine.picture(conditioning={"negative_prompt": " "}), plain) > 2
