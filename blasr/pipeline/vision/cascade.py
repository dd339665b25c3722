"""Cascades of two image models: the folder, the choice of the threshold on held-out images, and what it saves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from blasr import __version__
from blasr.config import load_config, write_yaml
from blasr.errors import ConfigError, MismatchError
from blasr.inference import CascadeUsage, check_threshold
from blasr.io.atomic import atomic_dir
from blasr.nn import count_layers
from blasr.pictures import require_matplotlib
from blasr.pipeline.cascade import (
    CASCADE_FILE,
    LITTLE_FOLDER,
    CascadeCurve,
    CurvePoint,
    MeasuredCascade,
    NetworkSeconds,
    PassSeconds,
    check_replaceable,
    thresholds_of,
    write_curve,
    write_report,
)
from blasr.pipeline.vision.data import check_classes, open_images
from blasr.pipeline.vision.experiment import ImageModelDescription, load_image_experiment, write_final_model
from blasr.scoring import ErrorCounts
from blasr.training import choose_device
from blasr.vision import (
    EvaluationTransform,
    ImageBatchConfig,
    ImageBatches,
    ImageModel,
    LabeledImages,
    LittleBigClassifier,
    confidences,
)

RIGHT: Final = ErrorCounts(correct=1)
WRONG: Final = ErrorCounts(substitutions=1)


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


@dataclass(frozen=True, eq=False)
class _Results:
    """The predictions of both models on all images.

    Attributes:
        confidences: of the little model, ``(N,)``.
        little_right, big_right: whether the model's class is the image's, ``(N,)``.
        macs: of one image, for the little and the big model.
    """

    confidences: NDArray[np.float64]
    little_right: NDArray[np.bool_]
    big_right: NDArray[np.bool_]
    macs: tuple[int, int]

    def point(self, threshold: float) -> CurvePoint:
        """Return errors and cost at one threshold."""
        passed_on = self.confidences < threshold
        right = np.where(passed_on, self.big_right, self.little_right)
        images, number = len(right), int(np.count_nonzero(passed_on))
        little, big = self.macs
        macs = number * big + (0 if threshold > 1 else images * little)
        usage = CascadeUsage(images, number, macs, images * big)
        return CurvePoint(threshold, usage, tuple(RIGHT if correct else WRONG for correct in right.tolist()))


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
    batches = _batches(images, descriptions[1], config)
    results = _predict(models, batches, descriptions[1].images.size, config)
    thresholds = thresholds_of(results.confidences, config.num_thresholds)
    curve = CascadeCurve("top-1 error", tuple(results.point(threshold) for threshold in thresholds))
    curve.check_differences("images")
    chosen = curve.choose(config.max_degradation)
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


def _batches(images: LabeledImages, description: ImageModelDescription, config: ImageCascadeTuneConfig) -> ImageBatches:
    loading = ImageBatchConfig(config.batch_size, num_workers=config.num_workers)
    return ImageBatches(images, EvaluationTransform(description.images), loading)


@torch.inference_mode()
def _predict(models: Sequence[nn.Module], batches: ImageBatches, size: int, config: ImageCascadeTuneConfig) -> _Results:
    macs = [sum(layer.macs for layer in count_layers(model, (3, size, size))) for model in models]
    device = choose_device(config.device)
    little, big = (model.to(device).eval() for model in models)
    sure: list[Tensor] = []
    right: tuple[list[Tensor], list[Tensor]] = ([], [])
    for batch in batches.batches(1):
        inputs, targets = batch.inputs.to(device), batch.targets.to(device)
        logits = little(inputs), big(inputs)
        sure.append(confidences(logits[0]).cpu())
        for found, values in zip(right, logits, strict=True):
            found.append((values.argmax(dim=1) == targets).cpu())
    both = [torch.cat(found).numpy() for found in right]
    return _Results(torch.cat(sure).numpy(), both[0], both[1], (macs[0], macs[1]))


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
