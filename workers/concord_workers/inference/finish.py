"""From decoded pictures to files: composition of an inpainted picture, safety, contrast, size, format, record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from concord_workers.contract.generated.submission import EffectivePostprocessing
from concord_workers.core.device_manager import DTYPES, Device
from concord_workers.core.ids import uuid7
from concord_workers.core.inference_settings import InferenceSettings
from concord_workers.core.job_context import JobContext
from concord_workers.inference.job_images import JobImages
from concord_workers.inference.job_models import JobModels
from concord_workers.inference.no_effect import warn_of_upscaling
from concord_workers.postprocessing.contrast import auto_contrast
from concord_workers.postprocessing.image_writer import WrittenImage, write_picture
from concord_workers.postprocessing.safety_checker import check_pictures
from concord_workers.postprocessing.upscaler import target_size, upscale_with_net, upscale_with_pillow

__all__ = ["FinishedImage", "finish_pictures", "write_pictures"]


@dataclass
class FinishedImage:
    """A picture ready to be written."""

    picture: Image.Image
    flagged: bool
    upscaled: bool


def finish_pictures(
    pictures: list[Image.Image],
    post: EffectivePostprocessing,
    images: JobImages,
    models: JobModels,
    device: Device,
    settings: InferenceSettings,
    context: JobContext,
) -> list[FinishedImage]:
    """Everything between decoding and writing, in this order: composition, safety, contrast, upscaling."""
    if images.mask is not None and images.init is not None:
        # The black part of the mask keeps its pixels; the VAE would change them a little.
        pictures = [Image.composite(picture, images.init, images.mask) for picture in pictures]
    flags = [False] * len(pictures)
    if models.checker is not None:
        context.check()
        flags = check_pictures(pictures, models.checker.value, device.torch_device, DTYPES[models.checker.dtype])
    finished = []
    for index, (picture, flagged) in enumerate(zip(pictures, flags, strict=True)):
        context.check()
        if flagged:
            picture = Image.new("RGB", picture.size)
            context.warn("image_flagged", f"picture {index} was flagged and blackened", "/postprocessing/safety_checker")
        elif post.auto_contrast:
            picture = auto_contrast(picture)
        upscaled = _upscale(picture, post, models, device, settings, context)
        context.progress("postprocessing", index + 1, len(pictures), index)
        finished.append(FinishedImage(upscaled, flagged, upscaled is not picture))
    return finished


def _upscale(
    picture: Image.Image,
    post: EffectivePostprocessing,
    models: JobModels,
    device: Device,
    settings: InferenceSettings,
    context: JobContext,
) -> Image.Image:
    if post.upscaler == "none" or post.upscale_factor is None:
        return picture
    size = target_size(picture.width, picture.height, post.upscale_factor)
    if models.upscaler is not None:
        net = models.upscaler.value
        return upscale_with_net(picture, net, size, device.torch_device, settings.upscale_tile, context.check)
    if warn_of_upscaling(post, picture.width, picture.height, context):
        return picture
    return upscale_with_pillow(picture, post.upscaler, size)


def write_pictures(
    finished: list[FinishedImage],
    post: EffectivePostprocessing,
    seeds: list[int],
    record_for: Callable[[int], str],
    output_dir: Path,
    context: JobContext,
) -> list[tuple[WrittenImage, int, bool]]:
    """Writes the files; returns each with its seed and its flag. record_for: seed → record.

    A job that fails here deletes its files, as no reply would name them.
    """
    stem = context.request_id or uuid7()
    written: list[tuple[WrittenImage, int, bool]] = []
    try:
        for index, (image, seed) in enumerate(zip(finished, seeds, strict=True)):
            context.check()
            file = write_picture(
                output_dir,
                image.picture,
                post.output_format,
                post.quality,
                record_for(seed),
                (stem, context.attempt, index),
            )
            written.append((file, seed, image.flagged))
            context.progress("saving", index + 1, len(finished), index)
    except BaseException:
        for file, _, _ in written:
            file.path.unlink(missing_ok=True)
        raise
    return written
