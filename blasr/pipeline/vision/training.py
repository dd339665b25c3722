"""Training an image model: check the inputs, train, and write a finished experiment."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import replace

import torch

from blasr.config import to_mapping, write_yaml
from blasr.io.atomic import atomic_open
from blasr.io.folder_lock import locked_folder
from blasr.pipeline.runs import describe_images, write_record
from blasr.pipeline.trained_start import TrainedNetwork, check_initial_experiment, finished_weights, start_from
from blasr.pipeline.vision.config import VisionRunConfig
from blasr.pipeline.vision.data import read_images
from blasr.pipeline.vision.experiment import (
    ImageModelDescription,
    build_image_model,
    load_image_experiment,
    write_final_model,
)
from blasr.training import (
    CrossEntropy,
    DistributedContext,
    RunIdentity,
    Trainer,
    TrainingState,
    added_keys,
    checkpoint_config,
    init_distributed,
    resumable_keys,
    with_precision,
)
from blasr.vision import (
    EvaluationTransform,
    ImageBatchConfig,
    ImageBatches,
    ImageFolder,
    ImageModel,
    LabeledImages,
    TrainingTransform,
    load_released_state_dict,
    read_released_file,
)

logger = logging.getLogger(__name__)

RESUMABLE_KEYS = ("experiment", "data.num_workers")
"""Keys of a :class:`VisionRunConfig` that may change when a run resumes, besides those of its training section."""


def train_vision(config: VisionRunConfig) -> TrainingState:
    """Train as configured. With the directory of an earlier run, resume it, or report that it is done.

    Returns:
        The state at the end of the training.

    Raises:
        BlasrError: the configuration or the data is wrong (found before any training), another process writes the
            directory, or the loss is not finite.
    """
    with (
        init_distributed(config.training.device) as distributed,
        locked_folder(config.experiment) if distributed.is_main else nullcontext(),
    ):
        training = with_precision(config.training, distributed.device, checkpoint_config(config.experiment))
        return _train(replace(config, training=training), distributed)


def _train(config: VisionRunConfig, distributed: DistributedContext) -> TrainingState:
    check_initial_experiment(config.initialize_from)
    train, valid = read_images(config.data)
    identity = _run_identity(config, train)
    model = _initial_model(config, len(train.classes))
    if distributed.is_main:
        _write_config(config)
        inputs = describe_images(train, valid, config.initialize_from)
        write_record(config.experiment, to_mapping(config), inputs, distributed)
        _log_inputs(config, model, train, valid)
    trainer = Trainer(
        model,
        CrossEntropy(config.training.label_smoothing),
        config.training,
        config.experiment,
        distributed=distributed,
        identity=identity,
        unit="images",
    )
    train_batches = _batches(config, train, distributed, training=True)
    valid_batches = _batches(config, valid, distributed, training=False) if valid is not None else None
    state = trainer.fit(train_batches, valid_batches)
    weights, origin = trainer.final_weights(train_batches)
    if distributed.is_main:
        description = ImageModelDescription(config.network, train.classes, config.images, origin)
        plain = build_image_model(config.network.in_float, len(train.classes))
        finished = finished_weights(plain, weights, config.binarize, config.experiment)
        write_final_model(config.experiment, description, finished)
    return state


def _run_identity(config: VisionRunConfig, train: LabeledImages) -> RunIdentity:
    """Return what must stay the same for the run to resume, and check it against the run in the directory."""
    before = checkpoint_config(config.experiment)
    defaults = to_mapping(VisionRunConfig(config.experiment, config.model.in_float))
    identity = RunIdentity(
        {**to_mapping(config), "classes": list(train.classes), "train_images": len(train)},
        (
            *RESUMABLE_KEYS,
            *(f"training.{key}" for key in resumable_keys(config.training)),
            *added_keys(before, defaults, to_mapping(config)),
        ),
    )
    if before is not None:
        identity.check(before, config.experiment)
    return identity


def _initial_model(config: VisionRunConfig, num_classes: int) -> ImageModel:
    """Return the model with random weights, with released ones, or with those of another experiment that fit."""
    torch.manual_seed(config.training.seed)
    model = build_image_model(config.network.in_float, num_classes)
    if config.released is not None:
        load_released_state_dict(model, read_released_file(config.released))
        trained = TrainedNetwork(config.released, model.state_dict())
    elif config.initialize_from is not None:
        source, description = load_image_experiment(config.initialize_from)
        trained = TrainedNetwork(config.initialize_from, source.state_dict(), description.model.patterns)
    else:
        return model
    start_from(model, trained, config.network.patterns, stage=config.binarize)
    return model


def _batches(
    config: VisionRunConfig, images: LabeledImages, distributed: DistributedContext, *, training: bool
) -> ImageBatches:
    return ImageBatches(
        images,
        TrainingTransform(config.images) if training else EvaluationTransform(config.images),
        ImageBatchConfig(
            config.data.batch_size,
            training=training,
            seed=config.training.seed,
            rank=distributed.rank,
            world_size=distributed.world_size,
            num_workers=config.data.num_workers,
        ),
    )


def _write_config(config: VisionRunConfig) -> None:
    config.experiment.mkdir(parents=True, exist_ok=True)
    with atomic_open(config.experiment / "config.yaml", "w") as file:
        file.write(write_yaml(config))


def _log_inputs(config: VisionRunConfig, model: ImageModel, train: LabeledImages, valid: LabeledImages | None) -> None:
    for name, images in (("training", train), ("held out", valid)):
        if images is not None:
            ignored = f", {images.ignored} other files ignored" if isinstance(images, ImageFolder) else ""
            logger.info("%s: %d images of %d classes%s", name, len(images), len(images.classes), ignored)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    logger.info("%s, width %g: %.2f M parameters", config.model.name, config.model.width, parameters / 1e6)
