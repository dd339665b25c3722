"""Training an acoustic model: reads and checks everything first, then trains, then leaves a finished experiment."""

from __future__ import annotations

import json
import logging
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchaudio

from blasr import __version__
from blasr.chunks import ChunkBatches, ChunkConfig, ExampleLoader
from blasr.chunks.augmentation import all_voices
from blasr.config import to_mapping, write_yaml
from blasr.features.extraction import FeatureExtractor
from blasr.features.speaker_stats import collect_speaker_stats
from blasr.inference.priors import Priors
from blasr.io.atomic import atomic_open, atomic_path
from blasr.models import AcousticModel, AcousticModelConfig, build_acoustic_model
from blasr.pipeline.config import RunConfig
from blasr.pipeline.corpus import Corpus, LabeledData, read_corpus
from blasr.pipeline.experiment import Experiment, ModelDescription, write_final
from blasr.training import (
    CrossEntropy,
    DistributedContext,
    RunIdentity,
    Trainer,
    TrainingState,
    checkpoint_config,
    flatten,
    init_distributed,
    resumable_keys,
)

logger = logging.getLogger(__name__)

RESUMABLE_KEYS = (
    "experiment",
    "data.max_loss",
    "data.allow_pipes",
    "chunks.num_workers",
    "chunks.cache_mb",
    "priors.*",
)
"""Keys of a :class:`RunConfig` that may change when a run goes on, besides those of its training section."""

VALID_CHUNK_FRAMES = 200
"""Held-out utterances are cut into chunks of at most so many frames: the result does not depend on it."""


def train(config: RunConfig) -> TrainingState:
    """Train as configured; called again with the same experiment directory, go on or say that it is done.

    Returns:
        How far the training has come: to its end.

    Raises:
        BlasrError: anything that is wrong with the configuration or the data, before anything is trained;
            a loss that is not finite.
    """
    with init_distributed(config.training.device) as distributed:
        return _train(config, distributed)


def _train(config: RunConfig, distributed: DistributedContext) -> TrainingState:
    directory = config.experiment
    if not distributed.is_main:
        logging.getLogger("blasr").setLevel(logging.WARNING)
        distributed.wait()  # rank 0 indexes the labels
    corpus = read_corpus(config.data, directory / "labels", config.training.seed)
    if distributed.is_main:
        distributed.wait()
    resumable = (*RESUMABLE_KEYS, *(f"training.{key}" for key in resumable_keys(config.training)))
    run_config = {**to_mapping(config), "train_data": corpus.train.fingerprint()}
    begun = checkpoint_config(directory)
    if begun is not None:
        resumable = (*resumable, *_newer_keys(begun, config))
    identity = RunIdentity(run_config, resumable)
    if begun is not None:
        identity.check(begun, directory)
    torch.manual_seed(config.training.seed)
    model = build_acoustic_model(config.model.name, num_pdfs=corpus.num_pdfs, width=config.model.width)
    if config.initialize_from is not None:
        _initialize(model, config.initialize_from)
    if distributed.is_main:
        _write_inputs(config, corpus)
        _say(config, corpus, model)
    loss = CrossEntropy(config.training.label_smoothing)
    trainer = Trainer(
        model,
        loss,
        config.training,
        directory,
        distributed=distributed,
        identity=identity,
    )
    train_batches, valid_batches = _batches(config, corpus, distributed)
    state = trainer.fit(train_batches, valid_batches)
    _finish(config, corpus, trainer, valid_batches)
    return state


def _newer_keys(begun: Mapping[str, Any], config: RunConfig) -> list[str]:
    """Keys that an older blasr did not know when the run was begun, and that have their defaults now."""
    defaults = to_mapping(RunConfig(config.experiment, AcousticModelConfig(config.model.name)))
    before, default, now = (dict(flatten(mapping)) for mapping in (begun, defaults, to_mapping(config)))
    return [key for key, value in now.items() if key not in before and key in default and default[key] == value]


def _batches(
    config: RunConfig, corpus: Corpus, distributed: DistributedContext
) -> tuple[ChunkBatches, ChunkBatches | None]:
    stats = collect_speaker_stats(config.features, corpus.train.data_dir, all_voices(config.augmentation))
    extractor = FeatureExtractor(config.features, corpus.train.data_dir, stats)
    cache = config.chunks.cache_mb * 2**20 if config.chunks.num_workers == 0 else 0
    loader = ExampleLoader(
        extractor,
        corpus.train.utterances,
        corpus.train.labels,
        augmentation=config.augmentation,
        seed=config.training.seed,
        cache_bytes=cache,
    )
    train_batches = ChunkBatches(
        loader,
        corpus.train.entries(),
        config.chunks,
        seed=config.training.seed,
        join_probability=config.augmentation.join_probability,
        rank=distributed.rank,
        world_size=distributed.world_size,
        max_loss=config.data.max_loss,
        pdf_counts=corpus.train.labels.counts(corpus.train.utterances),
        device=distributed.device,
    )
    if corpus.valid is None:
        return train_batches, None
    return train_batches, _valid_batches(config, corpus.valid, corpus.train, extractor, distributed)


def _valid_batches(
    config: RunConfig,
    valid: LabeledData,
    train: LabeledData,
    extractor: FeatureExtractor,
    distributed: DistributedContext,
) -> ChunkBatches:
    if valid.data_dir is not train.data_dir:
        stats = collect_speaker_stats(config.features, valid.data_dir)
        extractor = FeatureExtractor(config.features, valid.data_dir, stats)
    loader = ExampleLoader(extractor, valid.utterances, valid.labels, cache_bytes=config.chunks.cache_mb * 2**20)
    sizes = ChunkConfig(
        chunk_frames=VALID_CHUNK_FRAMES,
        batch_frames=max(config.chunks.batch_frames, VALID_CHUNK_FRAMES),
        pool_frames=config.chunks.pool_frames,
        num_workers=config.chunks.num_workers,
    )
    return ChunkBatches(
        loader,
        valid.entries(),
        sizes,
        shuffle=False,
        rank=distributed.rank,
        world_size=distributed.world_size,
        max_loss=config.data.max_loss,
    )


def _finish(config: RunConfig, corpus: Corpus, trainer: Trainer, valid: ChunkBatches | None) -> None:
    weights, origin = trainer.final_weights()
    held_out = trainer.evaluate(valid) if valid is not None else None
    if not trainer.distributed.is_main:
        return
    counts = corpus.train.labels.counts(corpus.train.utterances)
    priors = Priors.from_counts(counts, config.priors, str(config.data.alignments))
    description = ModelDescription(config.model, corpus.num_pdfs, config.features, origin)
    write_final(config.experiment, description, weights, priors)
    unseen = int(np.count_nonzero(counts == 0))
    logger.info(
        "priors: %d pdfs, %d of them never seen, %d at the floor of %.2g",
        priors.num_pdfs,
        unseen,
        priors.num_floored,
        priors.floor,
    )
    if held_out is not None:
        logger.info(
            "final: %s, held-out loss %.4f accuracy %.2f%%", origin, held_out.mean_loss, 100 * held_out.accuracy
        )
    logger.info("written: %s", config.experiment / "final.safetensors")


def _initialize(model: AcousticModel, source: Path) -> None:
    own = model.state_dict()
    weights = Experiment.load(source).model.state_dict()
    fitting = {name: tensor for name, tensor in weights.items() if name in own and own[name].shape == tensor.shape}
    model.load_state_dict(fitting, strict=False)
    logger.info("initialised %d of %d tensors from %s", len(fitting), len(own), source)


def _write_inputs(config: RunConfig, corpus: Corpus) -> None:
    """The resolved configuration, the versions in use, and the model and tree that the labels are of."""
    directory = config.experiment
    with atomic_open(directory / "config.yaml", "w") as file:
        file.write(write_yaml(config))
    versions = {
        "blasr": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchaudio": torchaudio.__version__,
        "numpy": np.__version__,
        "platform": platform.platform(),
    }
    with atomic_open(directory / "versions.json", "w") as file:
        json.dump(versions, file, indent=2)
    for name in ("final.mdl", "tree", "phones.txt"):
        source, target = corpus.alignments / name, directory / name
        if source.is_file() and not (target.exists() and target.samefile(source)):
            with atomic_path(target) as temporary:
                shutil.copyfile(source, temporary)


def _say(config: RunConfig, corpus: Corpus, model: AcousticModel) -> None:
    parameters = sum(parameter.numel() for parameter in model.parameters())
    for name, data in _parts(corpus):
        logger.info("%s: %d utterances, %d frames", name, len(data.utterances), data.num_frames)
    logger.info(
        "%s, width %g: %.2f M parameters, %d pdfs",
        config.model.name,
        config.model.width,
        parameters / 1e6,
        corpus.num_pdfs,
    )


def _parts(corpus: Corpus) -> list[tuple[str, LabeledData]]:
    return [("train", corpus.train), *([("held out", corpus.valid)] if corpus.valid is not None else [])]
