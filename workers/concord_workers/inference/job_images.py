"""The input images of one job: read, checked, resized, preprocessed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from PIL import Image, ImageFilter

from concord_workers.conditioning.controlnet import preprocess
from concord_workers.contract.generated.submission import EffectiveSubmission, PartialSubmission
from concord_workers.core.errors import ContractError
from concord_workers.core.job_context import JobContext
from concord_workers.core.roots import Roots
from concord_workers.images.image_input import (
    ImageRef,
    image_bytes,
    load_image,
    load_mask,
    predict_image_warnings,
    predict_mask_warnings,
    sha256_of,
)

__all__ = ["JobImages", "predict_images_warnings", "read_images"]


@dataclass
class JobImages:
    """init, mask: of the job's size. controls: index of the entry → control image. hashes: reference → its hash."""

    init: Image.Image | None = None
    mask: Image.Image | None = None
    controls: dict[int, Image.Image] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)


def read_images(submission: EffectiveSubmission, roots: Roots, context: JobContext) -> JobImages:
    """Reads all images of a job. Raises ImageInvalid, PathNotAllowed, UploadNotFound."""
    conditioning = submission.conditioning
    dimensions = submission.hyperparameters.dimensions
    size = (dimensions.width, dimensions.height)
    images = JobImages()

    def content_of(reference: str, pointer: str) -> bytes:
        content = image_bytes(roots, ImageRef(reference, pointer))
        images.hashes[reference] = sha256_of(content)
        return content

    if conditioning.init_image is not None:
        at = "/conditioning/init_image"
        images.init = load_image(content_of(conditioning.init_image, at), at, size, context)
    if conditioning.inpaint_mask is not None:
        at = "/conditioning/inpaint_mask"
        channel = conditioning.mask_channel or "luminance"
        images.mask = load_mask(content_of(conditioning.inpaint_mask, at), at, size, context, channel)
        if conditioning.mask_blur:
            images.mask = images.mask.filter(ImageFilter.GaussianBlur(conditioning.mask_blur))
    for index, net in enumerate(conditioning.control_nets):
        context.check()
        at = f"/conditioning/control_nets/{index}/image"
        picture = load_image(content_of(net.image, at), at, size, context)
        if net.weight != 0:
            images.controls[index] = preprocess(net.type, picture) if net.preprocess else picture
    return images


def predict_images_warnings(submission: PartialSubmission, roots: Roots, context: JobContext) -> None:
    """Adds the warnings that reading the job's images will add. Errors of images are among the job's violations."""
    conditioning, dimensions = submission.conditioning, submission.hyperparameters.dimensions
    if dimensions.width is None or dimensions.height is None:
        return  # a refused side is compared with nothing
    size = (dimensions.width, dimensions.height)
    named = [("/conditioning/init_image", conditioning.init_image, predict_image_warnings)]
    named.append(("/conditioning/inpaint_mask", conditioning.inpaint_mask, predict_mask_warnings))
    for index, net in enumerate(conditioning.control_nets):
        named.append((f"/conditioning/control_nets/{index}/image", net.image, predict_image_warnings))
    for pointer, reference, predict_warnings in named:
        if reference is not None:
            with suppress(ContractError):
                predict_warnings(image_bytes(roots, ImageRef(reference, pointer)), pointer, size, context)
