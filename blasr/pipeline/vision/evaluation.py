"""Evaluating an image model: top-1 and top-5 errors and the loss."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from blasr.errors import MismatchError
from blasr.pipeline.vision.cascade import is_image_cascade, load_image_cascade
from blasr.pipeline.vision.data import check_classes, open_images
from blasr.pipeline.vision.experiment import load_image_experiment, load_released_model
from blasr.vision import (
    EvaluationTransform,
    ImageBatchConfig,
    ImageBatches,
    ImageConfig,
    ImageModel,
    LabeledImages,
    LittleBigClassifier,
)

TOP: Final = 5
"""The second error counts an image as right if its class is among this number of the likeliest classes."""


@dataclass(frozen=True)
class ImageScore:
    """The errors of a model at one image size.

    Args:
        size: height and width of the network's input.
        count: number of images.
        top1_error, top5_error: in %; with five classes or fewer, the top-5 error is 0.
        loss: mean cross-entropy.
    """

    size: int
    count: int
    top1_error: float
    top5_error: float
    loss: float


@dataclass(frozen=True)
class ImageEvaluation:
    """A model in evaluation mode, the images to evaluate it on, and how they become its input."""

    model: ImageModel | LittleBigClassifier
    images: LabeledImages
    config: ImageConfig


def open_experiment_evaluation(experiment: Path, data: Path, dataset: str = "folder") -> ImageEvaluation:
    """Return the model of an experiment and images of its classes.

    Args:
        experiment: a directory that ``blasr vision train`` or ``blasr vision cascade`` wrote.
        data: a folder with one subfolder for each class, or the folder of a torchvision data set's files.
        dataset: "folder", or the name of a torchvision data set; its test part is used.

    Raises:
        MismatchError: the images have other classes than the model.
        BlasrError: model or images cannot be read.
    """
    images = open_images(data, dataset, train=False)
    model, description = (
        load_image_cascade(experiment) if is_image_cascade(experiment) else load_image_experiment(experiment)
    )
    check_classes(description.classes, images.classes, data)
    return ImageEvaluation(model, images, description.images)


def open_released_evaluation(released: Path, name: str, data: Path, dataset: str = "folder") -> ImageEvaluation:
    """Return a model with released weights and images to evaluate it on.

    Args:
        released: a file of the authors' release.
        name: the model's name.
        data, dataset: see :func:`open_experiment_evaluation`.

    Raises:
        MismatchError: the images have another number of classes than the model.
        BlasrError: model or images cannot be read.
    """
    images = open_images(data, dataset, train=False)
    model = load_released_model(name, released)
    if len(images.classes) != model.num_classes:
        raise MismatchError(
            f"has {len(images.classes)} classes, the model {model.num_classes}",
            path=data,
            fix="give images of the classes that the weights were trained on, in the same order of names",
        )
    return ImageEvaluation(model, images, ImageConfig())


@torch.inference_mode()
def evaluate_images(
    model: ImageModel | LittleBigClassifier,
    images: LabeledImages,
    config: ImageConfig,
    size: int,
    *,
    batch_size: int = 64,
    num_workers: int = 0,
    device: torch.device | None = None,
) -> ImageScore:
    """Return the errors of ``model`` on the central crops of ``images``.

    Args:
        model: moved to ``device`` and put in evaluation mode.
        images: all of them are evaluated.
        config: crop and normalization.
        size: height and width of the network's input.
        batch_size: images of a batch.
        num_workers: processes that load images; 0 loads them in this process.
        device: by default the CPU.

    Raises:
        DataError: an image cannot be read.
        ConfigError: the network's strides do not divide the size.
    """
    device = device or torch.device("cpu")
    model = model.to(device).eval()
    loading = ImageBatchConfig(batch_size, num_workers=num_workers)
    batches = ImageBatches(images, EvaluationTransform(config, size), loading)
    loss = wrong1 = wrong5 = 0.0
    for batch in batches.batches(1):
        logits, targets = model(batch.inputs.to(device)), batch.targets.to(device)
        right = logits.topk(min(TOP, logits.shape[1])).indices == targets[:, None]
        wrong1 += float((~right[:, 0]).sum())
        wrong5 += float((~right.any(1)).sum())
        loss += float(torch.nn.functional.cross_entropy(logits, targets, reduction="sum"))
    count = len(images)
    return ImageScore(size, count, 100 * wrong1 / count, 100 * wrong5 / count, loss / count)
