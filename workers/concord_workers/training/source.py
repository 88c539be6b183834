"""Leases the base model of a training from the worker's model loader."""

from __future__ import annotations

import gc
import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from concord_workers.conditioning.lora import strip_loras
from concord_workers.core.device_manager import DTYPES, Device
from concord_workers.core.errors import ModelInvalid
from concord_workers.core.job_context import JobContext
from concord_workers.models.model_configs import config_folder
from concord_workers.models.model_loader import ModelLoader
from concord_workers.models.readers import read_tokenizer
from concord_workers.models.safetensors_file import read_header

from .base import Base
from .control import Control

__all__ = ["BaseSource"]

log = logging.getLogger(__name__)

FIELD = "/base_model"


class BaseSource:
    """dtype: of the frozen weights, in the contract's spelling; None: the device's default."""

    def __init__(self, device: Device, loader: ModelLoader, dtype: str | None) -> None:
        self.device = device
        self._loader = loader
        self._dtype = dtype or device.default_dtype

    def find(self, name: str) -> str:
        """A fingerprint of the base's files (names and sizes); nothing is loaded.

        Raises ModelInvalid for another model, and the loader's own errors.
        """
        facts = self._loader.describe(name, FIELD)
        if facts.model_type != "sdxl":
            raise ModelInvalid(f"{name} is a {facts.model_type or 'model of no known kind'}, not an SDXL base", field=FIELD)
        channels = facts.configs.get("unet", {}).get("in_channels", 4)
        if channels != 4:
            raise ModelInvalid(
                f"the UNet of {name} takes {channels} channels (it repaints pictures); only bases of 4 channels are trained",
                field=FIELD,
            )
        root = facts.path if facts.path.is_dir() else facts.path.parent
        files = sorted((str(file.relative_to(root)), file.stat().st_size) for file in facts.files)
        return hashlib.sha256(repr(files).encode()).hexdigest()

    def tokenizers(self, name: str) -> tuple[Any, Any]:
        """The two tokenizers of a base, without loading it."""
        path = self._loader.resolve(name, FIELD).path
        folder = path if path.is_dir() else config_folder(path, "sdxl", read_header(path))
        return read_tokenizer(folder, "tokenizer"), read_tokenizer(folder, "tokenizer_2")

    @contextmanager
    def lease(self, name: str, control: Control) -> Iterator[Base]:
        """The base on the device until the training ends. All other models are evicted: a training uses the whole device."""
        control.check()
        context = JobContext()
        with self._loader.lease(context) as lease:
            model = lease.take(self._loader.resolve(name, FIELD), "sdxl", self._dtype, field=FIELD)
            for other in self._loader.on_device.all():
                if other is not model:
                    log.info("%s leaves the device for a training", ", ".join(other.ids))
                    self._loader.on_device.remove(other)
            control.check()
            # Adapters of the last job stay in a base between jobs.
            strip_loras(model.value, model.extras)
            pipeline = model.value
            yield Base(
                unet=pipeline.unet,
                vae=pipeline.vae,
                text_encoder=pipeline.text_encoder,
                text_encoder_2=pipeline.text_encoder_2,
                tokenizer=pipeline.tokenizer,
                tokenizer_2=pipeline.tokenizer_2,
                scheduler=pipeline.scheduler,
                zero_negative=bool(pipeline.config.force_zeros_for_empty_prompt),
                device=self.device.torch_device,
                dtype=DTYPES[self._dtype],
            )

    def free(self) -> None:
        """Gives the memory of an ended training back to the device."""
        gc.collect()
        self.device.empty_cache()
