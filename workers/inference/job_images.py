"""The input images of one job: read, checked, resized, preprocessed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageFilter

from conditioning.controlnet import preprocess
from core.job_context import JobContext
from core.roots import Roots
from inference.image_input import ImageRef, image_bytes, load_image, sha256_of

__all__ = ["JobImages", "read_images"]


@dataclass
class JobImages:
    """init, mask: of the job's size. controls: index of the entry → control image. hashes: reference → its hash."""

    init: Image.Image | None = None
    mask: Image.Image | None = None
    controls: dict[int, Image.Image] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)


def read_images(submission: Any, roots: Roots, context: JobContext) -> JobImages:
    """Read all images of a job. Raises ImageInvalid, PathNotAllowed, UploadNotFound."""
    conditioning = submission.conditioning
    dimensions = submission.hyperparameters.dimensions
    size = (dimensions.width, dimensions.height)
    images = JobImages()

    def read(reference: str, pointer: str, mode: Any = "RGB") -> Image.Image:
        content = image_bytes(roots, ImageRef(reference, pointer))
        images.hashes[reference] = sha256_of(content)
        return load_image(content, pointer, size, context, mode)

    if conditioning.init_image is not None:
        images.init = read(conditioning.init_image, "/conditioning/init_image")
    if conditioning.inpaint_mask is not None:
        images.mask = read(conditioning.inpaint_mask, "/conditioning/inpaint_mask", "L")
        if conditioning.mask_blur:
            images.mask = images.mask.filter(ImageFilter.GaussianBlur(conditioning.mask_blur))
    for index, net in enumerate(conditioning.control_nets or []):
        context.check()
        picture = read(net.image, f"/conditioning/control_nets/{index}/image")
        if net.weight != 0:
            images.controls[index] = preprocess(net.type, picture) if net.preprocess else picture
    return images
