"""Checkpoints as users have them: what a base predicts, how many channels it takes, and what is no SDXL at all."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from bench import Engine, difference
from safetensors.torch import load_file, save_file

from core.errors import ContractError, ModelInvalid

V = {"v_pred": torch.tensor([]), "ztsnr": torch.tensor([])}


@pytest.fixture
def root(tmp_path, tiny):
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copytree(tiny / "sdxl_base", folder / "sdxl_base")
    return folder


@pytest.fixture
def own(root, inputs, tmp_path):
    return Engine(root, inputs, tmp_path / "outputs")


@pytest.fixture
def write(root, tiny):
    """Writes a copy of the tiny single-file base with other keys, metadata and scheduler configuration."""
    weights = load_file(tiny / "sdxl_base_file.safetensors")

    def write(name: str, extra=None, metadata=None, scheduler=None, change=None) -> None:
        tensors = {key: tensor.clone() for key, tensor in weights.items()} | (extra or {})
        save_file(change(tensors) if change else tensors, root / f"{name}.safetensors", metadata=metadata)
        shutil.copytree(tiny / "sdxl_base_file.config", root / f"{name}.config")
        file = root / f"{name}.config" / "scheduler" / "scheduler_config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | (scheduler or {})))

    return write


def v_folder(root, **more) -> None:
    """`v`: the tiny base as a folder whose scheduler predicts v."""
    shutil.copytree(root / "sdxl_base", root / "v")
    file = root / "v" / "scheduler" / "scheduler_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"prediction_type": "v_prediction"} | more))


class TestPrediction:
    @pytest.mark.parametrize(
        ("extra", "metadata", "scheduler", "zero_snr"),
        [
            (V, None, None, True),
            ({"v_pred": torch.tensor([])}, None, None, False),
            (None, {"modelspec.prediction_type": "v"}, None, False),
            (V, {"modelspec.prediction_type": "v"}, {"prediction_type": "v_prediction"}, True),
            (None, None, {"prediction_type": "v_prediction"}, False),
            (None, None, {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}, True),
        ],
    )
    def test_a_file_that_predicts_v_is_sampled_so(self, own, root, write, extra, metadata, scheduler, zero_snr):
        write("file", extra, metadata, scheduler)
        v_folder(root, rescale_betas_zero_snr=zero_snr)
        picture, folder = (own.picture(model={"base": base}, performance={"dtype": "fp32"}) for base in ("file", "v"))
        assert difference(picture, folder) <= 3  # the file is stored in fp16
        assert difference(picture, own.picture()) > 20

    def test_a_training_predicts_so_too(self, own, write):
        from core.job_context import JobContext

        write("file", V)
        config = own.worker.bare_base("file", "fp32", JobContext()).scheduler.config
        assert (config.prediction_type, config.rescale_betas_zero_snr) == ("v_prediction", True)

    def test_epsilon_in_the_metadata_is_epsilon(self, own, write):
        write("file", None, {"modelspec.prediction_type": "epsilon"})
        write("bare")
        assert difference(*(own.picture(model={"base": base}) for base in ("file", "bare"))) == 0

    @pytest.mark.parametrize(
        ("extra", "metadata", "scheduler"),
        [
            (V, {"modelspec.prediction_type": "epsilon"}, None),
            (None, {"modelspec.prediction_type": "epsilon"}, {"prediction_type": "v_prediction"}),
            (None, {"modelspec.prediction_type": "sample"}, None),
            (None, None, {"prediction_type": "sample"}),
            ({"ztsnr": torch.tensor([])}, None, None),
            ({"edm_mean": torch.zeros(4), "edm_std": torch.ones(4)}, None, None),
            ({"edm_vpred.sigma_max": torch.tensor(80.0)}, None, None),
            (None, None, {"_class_name": "EDMEulerScheduler"}),
        ],
    )
    def test_what_contradicts_itself_or_is_not_supported_is_refused(self, own, write, extra, metadata, scheduler):
        write("file", extra, metadata, scheduler)
        assert own.faults(model={"base": "file"}) == [("model_invalid", "/model/base")]
        with pytest.raises(ModelInvalid):
            own.picture(model={"base": "file"})
        row = own.loader.validate_model_files(["file.safetensors"])["results"][0]
        assert not row["is_valid"]

    @pytest.mark.parametrize("sampler", ["DPM++ 2S", "DPM++ SDE", "Heun", "LMS", "PNDM", "DEIS", "KDPM2", "KDPM2 a"])
    def test_samplers_without_zero_terminal_snr_are_refused(self, own, root, write, sampler):
        v_folder(root, rescale_betas_zero_snr=True)
        write("file", V)
        for base in ("v", "file"):
            found = own.faults(model={"base": base}, scheduler={"type": sampler})
            assert found == [("unsupported_feature", "/scheduler/type")]
        v_only = {"v_pred": torch.tensor([])}
        write("without", v_only)
        assert own.faults(model={"base": "without"}, scheduler={"type": sampler}) == []

    def test_a_refiner_of_another_prediction_is_refused(self, own, root, tiny):
        shutil.copytree(tiny / "sdxl_refiner", root / "sdxl_refiner")
        v_folder(root)
        found = own.faults(model={"base": "v", "refiner": "sdxl_refiner"}, hyperparameters={"refiner_start": 0.5})
        assert found == [("model_invalid", "/model/refiner")]

    def test_a_folder_without_a_scheduler_is_refused(self, own, root):
        shutil.rmtree(root / "sdxl_base" / "scheduler")
        assert own.faults() == [("model_invalid", "/model/base")]
        with pytest.raises(ContractError):
            own.picture()
