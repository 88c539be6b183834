"""Training of SDXL models: LoRA, DreamBooth and Textual Inversion (contract §8)."""

from .manager import TrainingManager
from .settings import TrainingSettings

__all__ = ["TrainingManager", "TrainingSettings"]
