"""Where a training gets its base model: through the worker's model loader."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from core.device_manager import DTYPES, Device

from .base import Base

__all__ = ["BaseSource"]


class BaseSource:
    """dtype: of the frozen weights; None: the device's default."""

    def __init__(self, device: Device, loader: Any, dtype: str | None) -> None:
        self.device = device
        self._loader = loader
        self._dtype = dtype or device.default_dtype

    def find(self, name: str) -> None:
        """Raises the loader's error where a job's base_model is no SDXL base."""
        self._loader.find(name)

    def open(self, name: str, check: Callable[[], None]) -> Base:
        """The parts of a base, on the device, in the dtype of this source. check is called around the load."""
        check()
        pipeline = self._loader.pipeline(name, DTYPES[self._dtype])
        check()
        return Base(
            unet=pipeline.unet,
            vae=pipeline.vae,
            text_encoder=pipeline.text_encoder,
            text_encoder_2=pipeline.text_encoder_2,
            tokenizer=pipeline.tokenizer,
            tokenizer_2=pipeline.tokenizer_2,
            scheduler=pipeline.scheduler,
            device=self.device.torch_device,
            dtype=DTYPES[self._dtype],
        )

    def free(self) -> None:
        """Gives the memory of an ended training back to the device."""
        gc.collect()
        self.device.empty_cache()
