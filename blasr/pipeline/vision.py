"""Training and evaluating an image model: the same engine as for speech, on labelled images."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from blasr.config import load_config, to_mapping, write_yaml
from blasr.errors import ConfigError, DataError, MismatchError
from blasr.io.atomic import atomic_open
from blasr.training import (
    CrossEntropy,
    DistributedContext,
    RunIdentity,
    ScheduleConfig,
    Trainer,
    TrainingConfig,
    TrainingState,
    checkpoint_config,
    init_distributed,
    load_module,
    load_weights,
    resumable_keys,
    save_weights,
)
from blasr.vision.batches import ImageBatches
from blasr.vision.config import ImageConfig, ImageModelConfig
from blasr.vision.factory import create_model
from blasr.vision.images import ImageFolder, LabeledImages, TorchvisionImages
from blasr.vision.model import ImageModel
from blasr.vision.released import (
    UPSAMPLE,
    load_released_state_dict,
    read_released_file,
    released_classes,
    released_variant,
)
from blasr.vision.transforms import EvaluationTransform, TrainingTransform

logger = logging.getLogger(__name__)

RESUMABLE_KEYS = ("experiment", "data.num_workers")
"""Keys of a :class:`VisionRunConfig` that may change when a run goes on, besides those of its training section."""

TOP = 5
"""How many of the likeliest classes may hold the right one for the second error that evaluation tells."""


@dataclass(frozen=True)
class ImageDataConfig:
    """Where the images are.

    Args:
        train: a folder with one subfolder for each class; for a torchvision data set, the folder of its files.
        valid: the same with held-out images; for a torchvision data set ``train`` serves for its test part too.
        dataset: "folder", or the name of a torchvision data set such as CIFAR10.
        batch_size: images of a batch, all processes together.
        num_workers: processes that load images; 0 loads them in the training process.
    """

    train: Path = Path("data/imagenet/train")
    valid: Path | None = Path("data/imagenet/val")
    dataset: str = "folder"
    batch_size: int = 256
    num_workers: int = 8

    def __post_init__(self) -> None:
        if self.batch_size < 1 or self.num_workers < 0:
            raise ConfigError(f"batch_size {self.batch_size}, num_workers {self.num_workers}: expected 1 and 0 or more")


def paper_training() -> TrainingConfig:
    """Appendix A.1 of the paper; the rate is the authors' release's."""
    return TrainingConfig(
        epochs=110,
        learning_rate=0.1,
        weight_decay=1e-4,
        gradient_clipping=0.0,
        schedule=ScheduleConfig(kind="cosine"),
        select="last",
    )


@dataclass(frozen=True)
class VisionRunConfig:
    """A training run on images; see the dataclass of each section for its keys.

    Args:
        experiment: the directory that receives everything.
        model: which image model.
        released: a file of the authors' release whose weights the run starts from.
    """

    experiment: Path
    model: ImageModelConfig
    data: ImageDataConfig = field(default_factory=ImageDataConfig)
    images: ImageConfig = field(default_factory=ImageConfig)
    training: TrainingConfig = field(default_factory=paper_training)
    released: Path | None = None


@dataclass(frozen=True)
class ImageModelDescription:
    """What ``final.yaml`` says: all that is needed to build the network and its input again."""

    model: ImageModelConfig
    classes: tuple[str, ...]
    images: ImageConfig
    origin: str


@dataclass(frozen=True)
class ImageScore:
    """What a model got right at one image size.

    Attributes:
        size: height and width of the network's input.
        count: images.
        top1_error, top5_error: in %; top-5 of fewer classes than that is 0.
        loss: mean cross-entropy.
    """

    size: int
    count: int
    top1_error: float
    top5_error: float
    loss: float


def train_vision(config: VisionRunConfig) -> TrainingState:
    """Train as configured; called again with the same experiment directory, go on or say that it is done.

    Raises:
        BlasrError: anything that is wrong with the configuration or the data, before anything is trained;
            a loss that is not finite.
    """
    directory = config.experiment
    with init_distributed(config.training.device) as distributed:
        train, valid = read_images(config.data)
        resumable = (*RESUMABLE_KEYS, *(f"training.{key}" for key in resumable_keys(config.training)))
        run_config = {**to_mapping(config), "classes": list(train.classes), "train_images": len(train)}
        begun = checkpoint_config(directory)
        identity = RunIdentity(run_config, resumable)
        if begun is not None:
            identity.check(begun, directory)
        torch.manual_seed(config.training.seed)
        model = build(config.model, len(train.classes))
        if config.released is not None:
            load_released_state_dict(model, read_released_file(config.released))
        if distributed.is_main:
            directory.mkdir(parents=True, exist_ok=True)
            with atomic_open(directory / "config.yaml", "w") as file:
                file.write(write_yaml(config))
            _say(config, model, train, valid)
        trainer = Trainer(
            model,
            CrossEntropy(config.training.label_smoothing),
            config.training,
            directory,
            distributed=distributed,
            identity=identity,
            unit="images",
        )
        train_batches = _batches(config, train, distributed, training=True)
        valid_batches = _batches(config, valid, distributed, training=False) if valid is not None else None
        state = trainer.fit(train_batches, valid_batches)
        weights, origin = trainer.final_weights()
        if distributed.is_main:
            _write_final(directory, ImageModelDescription(config.model, train.classes, config.images, origin), weights)
        return state


def read_images(data: ImageDataConfig) -> tuple[LabeledImages, LabeledImages | None]:
    """Training and held-out images.

    Raises:
        DataError, ConfigError, DependencyError: they cannot be read.
        MismatchError: the two have other classes.
    """
    if data.dataset == "folder":
        train: LabeledImages = ImageFolder(data.train)
        valid: LabeledImages | None = ImageFolder(data.valid) if data.valid is not None else None
    else:
        train = TorchvisionImages(data.dataset, data.train, train=True)
        valid = TorchvisionImages(data.dataset, data.train, train=False)
    if valid is not None:
        check_classes(train.classes, valid.classes, data.valid or data.train)
    return train, valid


def check_classes(expected: Sequence[str], found: Sequence[str], path: Path) -> None:
    """Refuse images whose classes are not those of the model.

    Raises:
        MismatchError: naming the classes on one side only.
    """
    if tuple(expected) != tuple(found):
        missing, unknown = sorted(set(expected) - set(found))[:3], sorted(set(found) - set(expected))[:3]
        raise MismatchError(
            f"has {len(found)} classes, expected {len(expected)}; missing: {', '.join(missing) or 'none'}, "
            f"unknown: {', '.join(unknown) or 'none'}",
            path=path,
            fix="give both parts the same class folders",
        )


def build(config: ImageModelConfig, num_classes: int) -> ImageModel:
    """The configured model, freshly initialised."""
    return create_model(
        config.name,
        num_classes,
        config.upsample,
        drop_rate=config.drop_rate,
        width=config.width,
        alpha=config.alpha,
        beta=config.beta,
    )


def load_experiment(directory: Path) -> tuple[ImageModel, ImageModelDescription]:
    """The trained model of an experiment directory, in evaluation mode.

    Raises:
        DataError: the training has not come to its end.
        MismatchError: weights and description do not belong together.
    """
    path = directory / "final.yaml"
    if not path.is_file():
        raise DataError(
            "is absent: this is no finished experiment", path=path, fix="run `blasr vision train` to its end"
        )
    description = load_config(ImageModelDescription, path)
    model = build(description.model, len(description.classes))
    load_module(model, load_weights(directory / "final.safetensors")[0], directory / "final.safetensors")
    return model.eval(), description


def load_released(name: str, path: Path) -> ImageModel:
    """The model called ``name`` with the weights of a file of the authors' release, in evaluation mode.

    It has as many classes as the file's classifier, a thousand in the release.

    Raises:
        FormatError, MismatchError: as :func:`blasr.vision.read_released_file` and ``load_released_state_dict``.
    """
    weights = read_released_file(path)
    model = create_model(name, released_classes(weights), UPSAMPLE)
    try:
        load_released_state_dict(model, weights)
    except MismatchError as error:
        fitting = released_variant(weights)
        fix = f"these are the weights of {fitting}: give --model {fitting}" if fitting else error.fix
        raise MismatchError(error.message, path=path, fix=fix) from None
    return model.eval()


def open_evaluation(
    source: Path, data: Path, dataset: str = "folder", name: str | None = None
) -> tuple[ImageModel, LabeledImages, ImageConfig]:
    """A model, images to evaluate it on, and how they reach it.

    Args:
        source: an experiment directory, or a file of the authors' release of the model called ``name``.
        data: a folder with one subfolder for each class, or the folder of a torchvision data set's files.

    Raises:
        ConfigError: a file without a name, or a name with an experiment.
        MismatchError: the images have other classes than the model.
        BlasrError: model or images cannot be read.
    """
    images: LabeledImages = ImageFolder(data) if dataset == "folder" else TorchvisionImages(dataset, data, train=False)
    if source.is_dir():
        if name is not None:
            raise ConfigError(f"{source} is an experiment, which knows its model", fix="leave out --model")
        model, description = load_experiment(source)
        check_classes(description.classes, images.classes, data)
        return model, images, description.images
    if name is None:
        raise ConfigError("the weights of which model?", path=source, fix="give --model, such as bl_resnet50_a2b4")
    model = load_released(name, source)
    if len(images.classes) != model.num_classes:
        raise MismatchError(
            f"has {len(images.classes)} classes, the model {model.num_classes}",
            path=data,
            fix="give images of the classes that the weights were trained on, in the same order of names",
        )
    return model, images, ImageConfig()


@torch.inference_mode()
def evaluate_images(
    model: ImageModel,
    images: LabeledImages,
    config: ImageConfig,
    size: int,
    *,
    batch_size: int = 64,
    num_workers: int = 0,
    device: torch.device | None = None,
) -> ImageScore:
    """Errors of ``model`` on the central crops of ``images`` at ``size``.

    Raises:
        DataError: an image that cannot be read.
        ConfigError: a size that the network's strides do not divide.
    """
    device = device or torch.device("cpu")
    model = model.to(device).eval()
    batches = ImageBatches(images, EvaluationTransform(config, size), batch_size, num_workers=num_workers)
    loss = wrong1 = wrong5 = 0.0
    for batch in batches.batches(1):
        logits, targets = model(batch.inputs.to(device)), batch.targets.to(device)
        best = logits.topk(min(TOP, logits.shape[1])).indices == targets[:, None]
        wrong1 += float((~best[:, 0]).sum())
        wrong5 += float((~best.any(1)).sum())
        loss += float(torch.nn.functional.cross_entropy(logits, targets, reduction="sum"))
    count = len(images)
    return ImageScore(size, count, 100 * wrong1 / count, 100 * wrong5 / count, loss / count)


def _batches(
    config: VisionRunConfig, images: LabeledImages, distributed: DistributedContext, *, training: bool
) -> ImageBatches:
    return ImageBatches(
        images,
        TrainingTransform(config.images) if training else EvaluationTransform(config.images),
        config.data.batch_size,
        training=training,
        seed=config.training.seed,
        rank=distributed.rank,
        world_size=distributed.world_size,
        num_workers=config.data.num_workers,
    )


def _write_final(directory: Path, description: ImageModelDescription, weights: dict[str, Tensor]) -> None:
    save_weights(directory / "final.safetensors", weights, {"origin": description.origin})
    with atomic_open(directory / "final.yaml", "w") as file:
        file.write(write_yaml(description))
    logger.info("written: %s (%s)", directory / "final.safetensors", description.origin)


def _say(config: VisionRunConfig, model: ImageModel, train: LabeledImages, valid: LabeledImages | None) -> None:
    for name, images in (("training", train), ("held out", valid)):
        if images is not None:
            ignored = f", {images.ignored} other files ignored" if isinstance(images, ImageFolder) else ""
            logger.info("%s: %d images of %d classes%s", name, len(images), len(images.classes), ignored)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    logger.info("%s, width %g: %.2f M parameters", config.model.name, config.model.width, parameters / 1e6)
