"""Frames: lines in under any chunking, the choice of the GPU, options, and exported names."""

from __future__ import annotations

import json
import random

import pytest
from worker_process import WORKERS

from concord_workers.core.communication import Line, LineDecoder
from concord_workers.core.failure import Failure
from concord_workers.core.gpu_choice import GpuError, choose_gpu
from concord_workers.core.nvml import Gpu
from concord_workers.core.options import OptionsError, read_options
from concord_workers.core.reply import Reply

GPUS = [Gpu(0, "GPU-aaaa", "A", 8, 1), Gpu(1, "GPU-bbbb", "B", 8, 1)]


def lines_of(content, sizes, most=1 << 20):
    decoder, lines, at = LineDecoder(most), [], 0
    for size in sizes:
        lines += decoder.push(content[at : at + size])
        at += size
    return [*lines, *decoder.push(content[at:]), *decoder.finish()]


def test_chunks_do_not_matter():
    rng = random.Random(7)
    content = b'\xef\xbb\xbf{"a":1}\r\n\n \t\r\n{"b":"\xc3\xa9"}\n{"c":3}'
    whole = lines_of(content, [])
    assert [line.content for line in whole] == [b'{"a":1}', b'{"b":"\xc3\xa9"}', b'{"c":3}']
    for _ in range(500):
        assert lines_of(content, [rng.randint(0, 5) for _ in range(20)]) == whole
    assert lines_of(content, [1] * len(content)) == whole


def test_a_line_over_the_limit_is_told_once():
    content = b"x" * 50 + b'\n{"a":1}\n' + b"y" * 11 + b"\n"
    for sizes in ([], [1] * 80, [30, 30]):
        found = lines_of(content, sizes, most=10)
        assert [(line.content, line.too_large > 10) for line in found] == [(b"", True), (b'{"a":1}', False), (b"", True)]
    assert lines_of(b"x" * 10 + b"\r\n", [], most=10) == [Line(b"x" * 10)]


@pytest.mark.parametrize(
    ("flag", "environment", "gpus", "gpu_id"),
    [
        (None, {}, [], "cpu_0"),
        (None, {}, GPUS, "gpu_0"),
        ("cpu", {"CUDA_VISIBLE_DEVICES": "1"}, GPUS, "cpu_0"),
        ("gpu_1", {}, GPUS, "gpu_1"),
        ("cuda:1", {}, GPUS, "gpu_1"),
        (None, {"CUDA_VISIBLE_DEVICES": "1"}, GPUS, "gpu_1"),
        (None, {"CUDA_VISIBLE_DEVICES": "GPU-bbbb"}, GPUS, "gpu_1"),
        (None, {"CUDA_VISIBLE_DEVICES": "gpu_1", "GPU_ID": "gpu_1"}, GPUS, "gpu_1"),
        (None, {"CUDA_VISIBLE_DEVICES": "GPU-bbbb", "GPU_ID": "gpu_1"}, GPUS, "gpu_1"),
        (None, {"GPU_ID": "gpu_1"}, GPUS, "gpu_1"),
        (None, {"CUDA_VISIBLE_DEVICES": ""}, GPUS, "cpu_0"),
        (None, {"CUDA_VISIBLE_DEVICES": "1,0"}, GPUS, "gpu_1"),
    ],
)
def test_the_gpu_is_the_one_that_was_named(flag, environment, gpus, gpu_id):
    choice = choose_gpu(flag, environment, gpus)
    assert choice.gpu_id == gpu_id
    assert choice.uuid == (None if gpu_id == "cpu_0" else gpus[int(gpu_id[-1])].uuid)


def test_a_name_that_cuda_does_not_know_is_said():
    assert "read as index 1" in choose_gpu(None, {"CUDA_VISIBLE_DEVICES": "gpu_1"}, GPUS).notes[0]


@pytest.mark.parametrize(
    ("flag", "environment", "gpus"),
    [
        (None, {"CUDA_VISIBLE_DEVICES": "gpu_0"}, []),
        (None, {"CUDA_VISIBLE_DEVICES": "2"}, GPUS),
        (None, {"CUDA_VISIBLE_DEVICES": "first"}, GPUS),
        (None, {"CUDA_VISIBLE_DEVICES": "0", "GPU_ID": "gpu_1"}, GPUS),
        ("gpu_1", {"CUDA_VISIBLE_DEVICES": "0"}, GPUS),
        ("gpu_0", {"CUDA_VISIBLE_DEVICES": ""}, GPUS),
    ],
)
def test_a_gpu_that_is_not_there_is_an_error(flag, environment, gpus):
    with pytest.raises(GpuError):
        choose_gpu(flag, environment, gpus)


def test_flags_go_before_environment_before_configuration(tmp_path):
    config = tmp_path / "c.toml"
    config.write_text('model_roots = ["c"]\noutput_dir = "c"\n[upscalers]\nESRGAN = "e"\n')
    options = read_options(["--config", str(config)], {})
    assert (options.model_roots, options.output_dir, options.input_roots) == (["c"], "c", ["inputs"])
    assert options.engine == {"upscalers": {"ESRGAN": "e"}}
    environment = {"CONCORD_MODEL_ROOTS": "e:f"}
    assert read_options(["--config", str(config)], environment).model_roots == ["e", "f"]
    flags = ["--config", str(config), "--model-root", "x", "--model-root", "y"]
    assert read_options(flags, environment).model_roots == ["x", "y"]


@pytest.mark.parametrize("text", ['{"nonsense": 1}', '{"output_dir": 3}', "[]", "{", '{"on_eof": "later"}'])
def test_a_configuration_that_is_not_understood_is_an_error(tmp_path, text):
    config = tmp_path / "c.json"
    config.write_text(text)
    with pytest.raises(OptionsError):
        read_options(["--config", str(config)], {})


def test_the_schema_that_is_named_must_be_the_one_built_in(tmp_path):
    own = WORKERS.parent / "schemas" / "prompt_submission_schema.json"
    read_options(["--schema", str(own)], {})
    other = json.loads(own.read_text())
    other["$defs"]["Steps"]["maximum"] = 1000
    changed = tmp_path / "schema.json"
    changed.write_text(json.dumps(other))
    with pytest.raises(OptionsError, match="Steps"):
        read_options(["--schema", str(changed)], {})


@pytest.mark.parametrize("dialect", ["snake", "camel", "pascal"])
def test_a_name_that_is_no_utf8_does_not_cost_the_reply(dialect):
    failure = Failure("model_invalid", "\udcff.safetensors is broken", details={"names": ["\udcff"]})
    frame = json.loads(Reply(None, "r1", None, failure=failure).frame(dialect))
    assert "\\udcff.safetensors is broken" in frame.values()
