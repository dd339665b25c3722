"""Cascades of two image models: the folder, the choice of the threshold on held-out images, and what it saves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from blasr import __version__
from blasr.config import load_config, write_yaml
from blasr.errors import ConfigError, MismatchError
from blasr.inference import check_threshold
from blasr.io.atomic import atomic_dir
from blasr.pictures import require_matplotlib
from blasr.pipeline.cascade import (
    CASCADE_FILE,
    LITTLE_FOLDER,
    CascadeCurve,
    MeasuredCascade,
    NetworkSeconds,
    PassSeconds,
    check_replaceable,
    thresholds_of,
    write_curve,
    write_report,
)
from blasr.pipeline.vision.cascade_predictions import predict_with_both
from blasr.pipeline.vision.data import check_classes, open_images
from blasr.pipeline.vision.experiment import ImageModelDescription, load_image_experiment, write_final_model
from blasr.training import choose_device
from blasr.vision import (
    EvaluationTransform,
    ImageBatchConfig,
    ImageBatches,
    ImageModel,
    LittleBigClassifier,
)


@dataclass(frozen=True)
class ImageCascadeConfig:
    """The content of ``cascade.yaml``: images of a confidence below ``threshold`` go to the big model."""

    threshold: float

    def __post_init__(self) -> None:
        check_threshold(self.threshold)


@dataclass(frozen=True)
class ImageCascadeTuneConfig:
    """How a threshold is chosen.

    Attributes:
        max_degradation: the largest loss against the big model, in percentage points of the top-1 error.
        num_thresholds: how many thresholds are tried between the little and the big model alone.
        picture: draw the curve.
        timed_batches: how many batches are timed at the chosen threshold; 0 for none.
        batch_size: images of a batch.
        num_workers: processes that load images; 0 loads them in this process.
        device: where the models run: auto, cpu, cuda or cuda:N.
    """

    max_degradation: float = 0.2
    num_thresholds: int = 19
    picture: bool = True
    timed_batches: int = 4
    batch_size: int = 64
    num_workers: int = 0
    device: str = "cpu"


def is_image_cascade(directory: Path) -> bool:
    """Return whether an experiment directory is that of a cascade."""
    return (directory / CASCADE_FILE).is_file()


def load_image_cascade(directory: Path) -> tuple[LittleBigClassifier, ImageModelDescription]:
    """Return a cascade that :func:`tune_image_cascade` wrote, and the description of its big model.

    Raises:
        ConfigError: the threshold is out of range.
        BlasrError: as :func:`blasr.pipeline.vision.load_image_experiment`.
    """
    config = load_config(ImageCascadeConfig, directory / CASCADE_FILE)
    little, _ = load_image_experiment(directory / LITTLE_FOLDER)
    big, description = load_image_experiment(directory)
    return LittleBigClassifier(little, big, config.threshold).eval(), description


def tune_image_cascade(
    little: Path, big: Path, data: Path, out: Path, config: ImageCascadeTuneConfig, dataset: str = "folder"
) -> MeasuredCascade:
    """Choose the threshold with the fewest MACs for a wanted loss of accuracy, and write the cascade as one folder.

    Args:
        little, big: directories that ``blasr vision train`` wrote.
        data: held-out images, as for :func:`blasr.pipeline.vision.open_experiment_evaluation`.
        out: a new folder, or a cascade, which is replaced; ``blasr vision evaluate --experiment`` takes it.
        config: the wanted loss, and what is tried.
        dataset: "folder", or the name of a torchvision data set; its test part is used.

    Raises:
        ConfigError, MismatchError: the models do not fit together, or the images have other classes.
        DataError: ``out`` has other files, or both models do equally well on each image.
        DependencyError: a picture is wanted, but matplotlib is not installed.
    """
    if config.picture:
        require_matplotlib()
    check_replaceable(out)
    images = open_images(data, dataset, train=False)
    models, descriptions = _load_pair(little, big)
    check_classes(descriptions[1].classes, images.classes, data)
    batching = ImageBatchConfig(config.batch_size, num_workers=config.num_workers)
    predictions = predict_with_both(models, images, descriptions[1].images, batching, choose_device(config.device))
    thresholds = thresholds_of(predictions.confidences, config.num_thresholds)
    curve = CascadeCurve("top-1 error", tuple(predictions.point(threshold) for threshold in thresholds))
    curve.check_differences("images")
    chosen = curve.choose(config.max_degradation)
    batches = ImageBatches(images, EvaluationTransform(descriptions[1].images), batching)
    seconds = _time(models, chosen.threshold, batches, config)
    with atomic_dir(out) as folder:
        for place, model, description in zip((folder / LITTLE_FOLDER, folder), models, descriptions, strict=True):
            place.mkdir(exist_ok=True)
            write_final_model(place, description, model.cpu().state_dict())
        write_curve(curve, chosen, folder, picture=config.picture)
        report: dict[str, Any] = {
            "blasr": __version__,
            "models": {"little": str(little), "big": str(big)},
            "max_degradation": config.max_degradation,
            "tuned_on": {"data": str(data), "dataset": dataset, "images": len(images)},
            "seconds": asdict(seconds) if seconds else None,
        }
        write_report(curve, chosen, folder, report)
        (folder / CASCADE_FILE).write_text(write_yaml(ImageCascadeConfig(chosen.threshold)), encoding="utf-8")
    return MeasuredCascade(curve, chosen, seconds, out)


def _load_pair(little: Path, big: Path) -> tuple[tuple[ImageModel, ImageModel], tuple[ImageModelDescription, ...]]:
    """Return both models and their descriptions, after a check that they fit together."""
    for directory in (little, big):
        if is_image_cascade(directory):
            raise ConfigError("is a cascade itself", path=directory, fix="name a single trained model")
    (first, ours), (second, theirs) = load_image_experiment(little), load_image_experiment(big)
    check_classes(theirs.classes, ours.classes, little / "final.yaml")
    training = {"crop_scale", "crop_ratio", "flip"}  # they do not matter here
    differing = [
        f"{field.name} is {getattr(ours.images, field.name)} and {getattr(theirs.images, field.name)}"
        for field in fields(ours.images)
        if field.name not in training and getattr(ours.images, field.name) != getattr(theirs.images, field.name)
    ]
    if differing:
        raise MismatchError(
            f"{little / 'final.yaml'} and {big / 'final.yaml'} read different images: {', '.join(differing)}",
            fix="train both models on images of one size and normalization",
        )
    return (first, second), (ours, theirs)


@torch.inference_mode()
def _time(
    models: Sequence[nn.Module], threshold: float, batches: ImageBatches, config: ImageCascadeTuneConfig
) -> NetworkSeconds | None:
    """Time both models and the cascade in turn on the same batches; of each batch the fastest of three passes."""
    little, big = models
    totals, images = [PassSeconds()] * 3, 0
    variants = [LittleBigClassifier(little, big, value).eval() for value in (0.0, 1.01, threshold)]
    for inputs in _first_inputs(batches, config):
        images += len(inputs)
        for index, model in enumerate(variants):
            totals[index] += PassSeconds.of(partial(_logits, model, inputs), 3)
    return NetworkSeconds(totals[0], totals[1], totals[2], images, images) if images else None


def _first_inputs(batches: ImageBatches, config: ImageCascadeTuneConfig) -> Iterator[Tensor]:
    for number, batch in enumerate(batches.batches(1)):
        if number == config.timed_batches:
            return
        yield batch.inputs.to(choose_device(config.device))


def _logits(model: nn.Module, inputs: Tensor) -> Tensor:
    """Return the logits on the CPU, so that a pass ends when they are computed."""
    logits: Tensor = model(inputs)
    return logits.cpu()
