"""The prompt submission inside a command, in its whole or its flat form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from concord_workers.core.dictionary import dictionary

__all__ = ["Submission"]


@dataclass
class Submission:
    """A canonical prompt submission, and where its values stand in the command's canonical fields.

    at: the pointer of the whole one, `/prompt_submission` or `/requests/3`. model: where a flat command names its model;
    None where the submission is not flat.
    """

    document: dict[str, Any]
    at: str = "/prompt_submission"
    model: str | None = None

    @classmethod
    def of(cls, fields: dict[str, Any]) -> Submission | None:
        """The submission in `prompt_submission`, or in flat `parameters` and `model_id`; None where the command has neither."""
        if "prompt_submission" in fields:
            return cls(fields["prompt_submission"])
        parameters = fields.get("parameters")
        if not isinstance(parameters, dict):
            return None
        document: dict[str, Any] = {}
        for prop in dictionary().object("Parameters").properties:
            if prop.maps_to is not None and prop.snake in parameters:
                _place(document, prop.maps_to, parameters[prop.snake])
        if "model_id" in fields:
            _place(document, "/model/base", fields["model_id"])
        return cls(document, model="/parameters/model_id" if "model_id" in parameters else "/model_id")

    def pointer(self, pointer: str) -> str:
        """The pointer of a value of the submission in the command's canonical fields."""
        if self.model is None:
            return self.at + pointer
        if pointer == "/model/base":
            return self.model
        for prop in dictionary().object("Parameters").properties:
            if prop.maps_to == pointer:
                return f"/parameters/{prop.snake}"
        return "/parameters"


def _place(document: dict[str, Any], pointer: str, value: object) -> None:
    *path, last = pointer.split("/")[1:]
    for token in path:
        document = document.setdefault(token, {})
    document[last] = value
