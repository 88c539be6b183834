"""What a library says of a model reaches the sender without the folders of this host."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from bench import Engine

from core.errors import ModelInvalid
from models.cause import cause_of

MODEL = Path("/srv/models/a/model")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file or directory", str(MODEL / "vocab.json")), "No such file or directory"),
        (OSError(f"Can't load the processor of '{MODEL}'\nmore"), "Can't load the processor of 'model'"),
        (ValueError(f"{MODEL}/unet/config.json and {MODEL.parent}/other"), "model/unet/config.json and other"),
        (KeyError("vocab"), "it lacks 'vocab'"),
        (RuntimeError(), "RuntimeError"),
        (RuntimeError("x" * 1000), "x" * 300),
    ],
)
def test_the_first_line_without_folders(error, said):
    assert cause_of(error, MODEL) == said


def test_a_job_s_refusal_names_no_folder_of_the_host(tiny, inputs, tmp_path):
    root = tmp_path / "models"
    shutil.copytree(tiny / "sdxl_base", root / "sdxl_base")
    shutil.copytree(tiny / "safety_checker", root / "safety_checker")
    (root / "safety_checker" / "preprocessor_config.json").unlink()
    own = Engine(root, inputs, tmp_path / "outputs")
    with pytest.raises(ModelInvalid) as caught:
        own.run(postprocessing={"safety_checker": True})
    assert "safety_checker" in caught.value.message and str(tmp_path) not in caught.value.message
