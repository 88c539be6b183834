"""What a refusal says: numbers as their sender wrote them, and what to write in the place of another JSON type."""

from __future__ import annotations

import pytest

SUBMISSION = '{"model":{"base":"a"},"conditioning":{"prompt":"a"},"hyperparameters":{"seed":%s}}'


def ask(worker, text):
    worker.write(text.encode() + b"\n")
    return worker.reply()


@pytest.mark.parametrize(
    "said",
    ["-0", "3e1", "30.0", "1.50", "18446744073709551616", "-9223372036854775809", "1e300", "1" * 300, "0." + "1" * 400],
)
def test_a_number_is_quoted_as_it_was_written(worker, said):
    reply = ask(worker, f'{{"action":"generate_sdxl","request_id":"r","payload":{{"request":{SUBMISSION % said}}}}}')
    quoted = said if len(said) <= 64 else said[:64] + "…"
    assert any(part in reply["error"] for part in (f"{quoted} is outside", f"not as {quoted}")), reply["error"]
    assert len(reply["error"]) < 200


def test_the_hint_is_that_of_the_first_fault_and_no_entry_has_one(worker):
    wrong = '{"model":{"base":"a"},"conditioning":{"prompt":"a"},"scheduler":{"steps":"30","karras_sigmas":"x"}}'
    reply = ask(worker, f'{{"action":"generate_sdxl","request_id":"r","payload":{{"request":{wrong}}}}}')
    details = reply["error_details"]
    assert details["hint"] == "write an integer without quotes, such as 30"
    assert len(details["errors"]) == 2 and not any("hint" in entry for entry in details["errors"])
    reply = ask(worker, f'{{"action":"validate_request","request_id":"r","payload":{{"request":{wrong}}}}}')
    assert len(reply["data"]["errors"]) == 2 and not any("hint" in entry for entry in reply["data"]["errors"])


@pytest.mark.parametrize(
    "frame, hint",
    [
        ('{"action":5,"payload":{}}', 'write a string in quotes, such as "get_status"'),
        ('{"action":"get_status","payload":[]}', "write an object {…}"),
        ('{"action":"get_status","attempt":"2","payload":{}}', "write an integer without quotes, such as "),
    ],
)
def test_an_envelope_is_told_what_to_write(worker, frame, hint):
    assert ask(worker, frame)["error_details"]["hint"].startswith(hint)
