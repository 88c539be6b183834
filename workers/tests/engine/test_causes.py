"""What a library says of a model reaches the sender without the folders of this host."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from bench import Engine

from concord_workers.core.errors import ModelInvalid
from concord_workers.models.cause import cause_of

MODEL = Path("/srv/models/a/model")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file or directory", str(MODEL / "vocab.json")), "No such file or directory"),
        (OSError(f"Can't load the processor of '{MODEL}'\nmore"), "Can't load the processor of 'model'"),
        (ValueError(f"{MODEL}/unet/config.json and {MODEL.parent}/other"), "model/unet/config.json and another path"),
        (ValueError(f"'{MODEL}-secret/my files/x' and {MODEL}2 and ~/x"), "'another path' and another path and another path"),
        (ValueError("see /etc/passwd, (/opt/cache/a b)"), "see another path, (another path b)"),
        (
            ValueError(f"cannot open:{MODEL.parent}/other and file://{MODEL.parent}/b"),
            "cannot open:another path and another path",
        ),
        (ValueError(f"'{MODEL}/my files/x' is not '{MODEL} b/x'"), "'model/my files/x' is not 'another path'"),
        (ValueError("and/or https://huggingface.co/models/x 1/2"), "and/or https://huggingface.co/models/x 1/2"),
        (KeyError("vocab"), "it lacks 'vocab'"),
        (KeyError(f"{MODEL.parent}/other"), "it lacks 'another path'"),
        (
            RuntimeError("Error(s) in loading Net:\n\tMissing key(s): 'a'\n\tmore"),
            "Error(s) in loading Net: Missing key(s): 'a'",
        ),
        (RuntimeError(), "RuntimeError"),
        (RuntimeError("x" * 1000), "x" * 300),
    ],
)
def test_the_first_line_without_folders(error, said):
    assert cause_of(error, MODEL) == said


def test_a_folder_with_blanks_is_not_named_either():
    model = Path("/srv/my models/model")
    assert cause_of(ValueError(f"{model}/a and {model.parent}/other too"), model) == "model/a and another path too"


def test_a_neighbour_whose_name_has_blanks_is_not_named(tmp_path):
    """Its name begins as the model's does, or as no other; without quotes it seems to end at a blank."""
    model = tmp_path / "model"
    for folder in (model, tmp_path / "model of a customer", tmp_path / "other customer" / "their model"):
        folder.mkdir(parents=True)
        text = f"{folder}/vae/config.json is broken, see {model}"
        said = "model/vae/config.json" if folder == model else "another path"
        assert cause_of(ValueError(text), model) == f"{said} is broken, see model"


def test_a_link_s_target_is_not_named(tmp_path):
    (tmp_path / "elsewhere" / "real").mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere" / "real")
    text = f"{link.resolve()}/a, {link.resolve().parent}/sibling"
    assert cause_of(ValueError(text), link) == "link/a, another path"


def test_a_job_s_refusal_names_no_folder_of_the_host(tiny, inputs, tmp_path):
    root = tmp_path / "models"
    shutil.copytree(tiny / "sdxl_base", root / "sdxl_base")
    shutil.copytree(tiny / "safety_checker", root / "safety_checker")
    (root / "safety_checker" / "preprocessor_config.json").unlink()
    own = Engine(root, inputs, tmp_path / "outputs")
    with pytest.raises(ModelInvalid) as caught:
        own.run(postprocessing={"safety_checker": True})
    assert "safety_checker" in caught.value.message and str(tmp_path) not in caught.value.message
