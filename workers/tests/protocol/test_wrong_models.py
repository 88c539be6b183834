"""A file of the wrong kind in each field that names a model: one clear refusal, and nothing untrue beside it."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from worker_process import WORKERS, WorkerProcess

# Field → the file that belongs there. All of them together are a job that runs.
RIGHT = {
    "/model/base": "sdxl_base",
    "/model/refiner": "sdxl_refiner",
    "/model/vae": "sdxl_vae",
    "/model/tokenizer": "tokenizer_alt",
    "/model/text_encoder": "text_encoder_alt",
    "/model/text_encoder_2": "text_encoder_2_alt",
    "/conditioning/loras/0/name": "lora_style.safetensors",
    "/conditioning/loras/1/name": "lora_kohya.safetensors",
    "/conditioning/control_nets/0/model": "controlnet_canny",
    "/conditioning/textual_inversions/0/path": "ti_style.safetensors",
}
# A second file of the same kind: right in the fields of its kind.
ALIKE = {
    "sdxl_base_file": ["/model/base"],
    "sdxl_refiner_file": ["/model/refiner"],
    "sdxl_vae_file": ["/model/vae"],
    "sdxl_base/vae": ["/model/vae"],
    "sdxl_base/tokenizer": ["/model/tokenizer"],
    "sdxl_base/tokenizer_2": ["/model/tokenizer"],
    "sdxl_base/text_encoder": ["/model/text_encoder"],
    "sdxl_base/text_encoder_2": ["/model/text_encoder_2"],
    "controlnet_depth": ["/conditioning/control_nets/0/model"],
}
NOBODYS = [
    "safety_checker",
    "ESRGAN.safetensors",
    "absent",
    "../outside",
    "sdxl_base/unet",
    "sdxl_base/scheduler",
    "broken/empty",
    "broken/list_config",
    "broken/odd_heads",
    "broken/no_words",
    "broken/words_are_a_folder",
    "broken/cut.safetensors",
    "broken/pickle.ckpt",
    "broken/loop",
    "broken/base_of_odd_heads",
    "broken/base_of_odd_blocks",
    "broken/base_without_words",
    "broken/base_of_broken_words",
]
KINDS = [*dict.fromkeys(RIGHT.values()), *ALIKE, *NOBODYS]
REFUSALS = {"model_invalid", "model_not_found", "path_not_allowed", "unsupported_value"}
PAIRS = [(field, kind) for field in RIGHT for kind in KINDS if kind != RIGHT[field]]


def is_right(field: str, kind: str) -> bool:
    loras = "/conditioning/loras/"
    same_kind = field.startswith(loras) and kind in (RIGHT[loras + "0/name"], RIGHT[loras + "1/name"])
    return kind == RIGHT[field] or field in ALIKE.get(kind, []) or same_kind


def request(wrong: dict[str, str]) -> dict[str, Any]:
    """The job of all right models, with other ones in some fields."""
    names = {**RIGHT, **wrong}
    return {
        "model": {field.split("/")[2]: name for field, name in names.items() if field.startswith("/model/")},
        "scheduler": {"type": "Euler", "steps": 2},
        "hyperparameters": {"seed": 1, "dimensions": {"width": 64, "height": 64}},
        "conditioning": {
            "prompt": "a zzq",
            "loras": [{"name": names[f"/conditioning/loras/{index}/name"]} for index in (0, 1)],
            "control_nets": [
                {"type": "canny", "model": names["/conditioning/control_nets/0/model"], "image": "init.png", "weight": 1}
            ],
            "textual_inversions": [{"path": names["/conditioning/textual_inversions/0/path"], "token": "zzq"}],
        },
    }


@pytest.fixture(scope="module")
def odd_models(tmp_path_factory) -> Path:
    """A root with files that are nothing whole."""
    root = tmp_path_factory.mktemp("odd")
    broken = root / "broken"
    tiny = WORKERS / ".tiny-models"
    (broken / "empty").mkdir(parents=True)
    shutil.copytree(tiny / "text_encoder_alt", broken / "list_config")
    (broken / "list_config" / "config.json").write_text("[]")
    shutil.copytree(tiny / "text_encoder_alt", broken / "odd_heads")
    config = json.loads((broken / "odd_heads" / "config.json").read_text())
    (broken / "odd_heads" / "config.json").write_text(json.dumps(config | {"num_attention_heads": 5}))
    for name in ("no_words", "words_are_a_folder"):
        shutil.copytree(tiny / "tokenizer_alt", broken / name)
    (broken / "no_words" / "tokenizer.json").write_text('{"model": 3}')
    (broken / "words_are_a_folder" / "tokenizer.json").unlink()
    (broken / "words_are_a_folder" / "vocab.json").mkdir()
    (broken / "words_are_a_folder" / "merges.txt").write_text("")
    for name in ("base_of_odd_heads", "base_of_odd_blocks", "base_without_words", "base_of_broken_words"):
        shutil.copytree(tiny / "sdxl_base", broken / name)
    for name, part, change in (
        ("base_of_odd_heads", "text_encoder", {"num_attention_heads": 5}),
        ("base_of_odd_blocks", "unet", {"down_block_types": ["NoBlock2D"]}),
    ):
        file = broken / name / part / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | change))
    shutil.rmtree(broken / "base_without_words" / "tokenizer_2")
    (broken / "base_of_broken_words" / "tokenizer" / "tokenizer.json").write_text("no JSON")
    (broken / "cut.safetensors").write_bytes((tiny / "lora_style.safetensors").read_bytes()[:1000])
    (broken / "pickle.ckpt").write_bytes(b"\x80\x02}q\x00.")
    (broken / "loop").symlink_to(broken / "loop")
    return root


@pytest.fixture(scope="module")
def worker(tiny, odd_models, tmp_path_factory):
    from PIL import Image

    folder = tmp_path_factory.mktemp("wrong")
    (folder / "in").mkdir()
    Image.new("RGB", (64, 64), "white").save(folder / "in" / "init.png")
    roots = ("--model-root", str(tiny), "--model-root", str(odd_models), "--input-root", str(folder / "in"))
    started = WorkerProcess(folder, "--device", "cpu", "--threads", "1", *roots, script=WORKERS / "main.py")
    yield started
    started.kill()


def ask(worker: WorkerProcess, action: str, document: dict[str, Any]) -> dict[str, Any]:
    return worker.ask({"action": action, "request_id": "q", "payload": {"prompt_submission": document}})


def violations_of(worker: WorkerProcess, document: dict[str, Any], host: list[Path]) -> list[tuple[str, str]]:
    """Pointer below the submission and code of all violations; both queries say the same of them, and no path of the host."""
    report = ask(worker, "validate_request", document)
    assert report["success"], report
    data = report["data"]
    estimate = ask(worker, "get_performance_estimate", document)
    assert estimate["success"] == data["valid"], (data["errors"], estimate)
    if not data["valid"]:
        assert estimate["error_details"]["errors"] == data["errors"]
        assert "estimated_vram_mb" not in data["validation_details"]
    for frame in (report, estimate):
        assert not any(str(root) in json.dumps(frame, ensure_ascii=False) for root in host), frame
    return [
        (violation["pointer"].removeprefix("/payload/prompt_submission"), violation["code"]) for violation in data["errors"]
    ]


@pytest.fixture(scope="module")
def host(tiny, odd_models, worker) -> list[Path]:
    return [tiny, odd_models, worker.folder]


def test_all_right_models_together_run(worker, host):
    assert violations_of(worker, request({}), host) == []
    assert ask(worker, "generate_sdxl", request({}))["success"]


def check_kinds(worker, host, field, kinds) -> None:
    for kind in kinds:
        found = violations_of(worker, request({field: kind}), host)
        if is_right(field, kind):
            assert found == [], (field, kind)
        else:
            assert [pointer for pointer, _ in found] == [field], (field, kind, found)
            assert {code for _, code in found} <= REFUSALS, (field, kind, found)


@pytest.mark.parametrize("field", RIGHT)
def test_a_kind_of_file_in_a_field_is_one_fault_there(worker, host, field):
    """A third of the kinds in each field, another third in the next one."""
    check_kinds(worker, host, field, KINDS[list(RIGHT).index(field) % 3 :: 3])


@pytest.mark.long
@pytest.mark.parametrize("field", RIGHT)
def test_each_kind_of_file_in_a_field_is_one_fault_there(worker, host, field):
    check_kinds(worker, host, field, KINDS)


WRONG = ["sdxl_refiner", "sdxl_base/unet", "controlnet_depth", "ESRGAN.safetensors", "broken/odd_heads", "broken/no_words"]


def check_two(worker, host, one, other, index) -> None:
    kind, second = WRONG[index % len(WRONG)], WRONG[(index + 2) % len(WRONG)]
    expected = [field for field, name in ((one, kind), (other, second)) if not is_right(field, name)]
    found = violations_of(worker, request({one: kind, other: second}), host)
    assert [pointer for pointer, _ in found] == expected, (one, kind, other, second, found)


def test_two_wrong_files_are_two_faults(worker, host):
    for index, (one, other) in enumerate(itertools.combinations(RIGHT, 2)):
        check_two(worker, host, one, other, index)


@pytest.mark.long
def test_any_two_wrong_files_are_two_faults(worker, host):
    for (one, other), index in itertools.product(itertools.combinations(RIGHT, 2), range(len(WRONG))):
        check_two(worker, host, one, other, index)


def check_job(worker, host, field, kind) -> None:
    document = request({field: kind})
    said = ask(worker, "validate_request", document)["data"]
    reply = ask(worker, "generate_sdxl", document)
    assert reply["success"] == said["valid"]
    if not said["valid"]:
        assert reply["error_details"]["errors"] == said["errors"]
    assert not any(str(root) in json.dumps(reply["error_details"], ensure_ascii=False) for root in host), reply


@pytest.mark.parametrize(("field", "kind"), PAIRS[::19])
def test_a_job_says_what_the_check_says(worker, host, field, kind):
    check_job(worker, host, field, kind)


@pytest.mark.long
@pytest.mark.parametrize(("field", "kind"), PAIRS[4::9])
def test_every_job_says_what_the_check_says(worker, host, field, kind):
    check_job(worker, host, field, kind)
