"""Training an acoustic model: check the inputs, train, and write a finished experiment."""

from __future__ import annotations

import logging
import shutil
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from blasr.config import to_mapping, write_yaml
from blasr.errors import MismatchError
from blasr.inference import Priors, file_entry
from blasr.io.atomic import atomic_open, atomic_path
from blasr.io.folder_lock import locked_folder
from blasr.models import AcousticModel, build_configured_model
from blasr.pipeline.batches import make_augmenter, make_batches
from blasr.pipeline.config import RunConfig
from blasr.pipeline.corpus import Corpus, corpus_is_indexed, read_corpus
from blasr.pipeline.criterion import make_loss
from blasr.pipeline.estimate_priors import estimate_priors
from blasr.pipeline.experiment import Experiment, ModelDescription, write_final
from blasr.pipeline.runs import describe_inputs, write_record
from blasr.pipeline.trained_start import TrainedNetwork, check_initial_experiment, finished_weights, start_from
from blasr.training import (
    DistributedContext,
    MetricSums,
    RunIdentity,
    Trainer,
    TrainingState,
    added_keys,
    checkpoint_config,
    init_distributed,
    resumable_keys,
    with_precision,
)

logger = logging.getLogger(__name__)

RESUMABLE_KEYS = (
    "experiment",
    "data.max_loss",
    "data.allow_pipes",
    "chunks.num_workers",
    "chunks.cache_mb",
)
"""Keys of a :class:`RunConfig` that may change when a run resumes, in addition to those of its training section.

So may ``priors.*``, unless the criterion has them.
"""


def train(config: RunConfig) -> TrainingState:
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


def _train(config: RunConfig, distributed: DistributedContext) -> TrainingState:
    check_initial_experiment(config.initialize_from)
    corpus = _read_shared_corpus(config, distributed)
    make_augmenter(config, corpus.train)  # refuses absent noises and codecs before anything is written
    identity = run_identity(config, corpus)
    model = _initial_model(config, corpus.num_pdfs)
    if distributed.is_main:
        _write_inputs(config, corpus, distributed)
        _log_inputs(config, corpus, model)
    loss = make_loss(config, corpus, distributed)
    trainer = Trainer(model, loss, config.training, config.experiment, distributed=distributed, identity=identity)
    batches = make_batches(config, corpus, distributed)
    state = trainer.fit(batches.train, batches.valid)
    weights, origin = trainer.final_weights(batches.plain() if config.training.select == "average" else None)
    held_out = trainer.evaluate(batches.valid) if batches.valid is not None else None
    priors = estimate_priors(
        corpus.train.pdf_counts(),
        config.priors,
        str(config.data.alignments),
        module=trainer.module,
        batches=lambda: batches.plain().batches(1),
        distributed=distributed,
    )
    if distributed.is_main:
        description = ModelDescription(config.network, corpus.num_pdfs, config.features, origin)
        plain = build_configured_model(config.network.in_float, corpus.num_pdfs)
        finished = finished_weights(plain, weights, config.binarize, config.experiment)
        write_final(config.experiment, description, finished, priors)
        _log_results(config, priors, origin, held_out)
    return state


def _read_shared_corpus(config: RunConfig, distributed: DistributedContext) -> Corpus:
    """Return the corpus; rank 0 indexes the labels while the others wait, however long it takes."""
    index = config.experiment / "labels"
    if not distributed.is_main:
        logging.getLogger("blasr").setLevel(logging.WARNING)
        distributed.wait_for(partial(corpus_is_indexed, config.data, index))
    return read_corpus(config.data, index, config.training.seed, config.chunks.num_workers)


def run_identity(config: RunConfig, corpus: Corpus) -> RunIdentity:
    """Return what must stay the same for the run to resume.

    Raises:
        ConfigError: the experiment directory contains a run with another configuration.
    """
    before = checkpoint_config(config.experiment)
    resumable = (
        *RESUMABLE_KEYS,
        *(("priors.*",) if config.training.criterion == "cross_entropy" else ()),
        *(f"training.{key}" for key in resumable_keys(config.training)),
        *added_keys(before, to_mapping(RunConfig(config.experiment, config.model.in_float)), to_mapping(config)),
    )
    data = {"train_data": corpus.train.fingerprint()}
    if lists := config.augmentation.lists():
        data["augmentation_lists"] = ",".join(file_entry(path)["sha256"] for path in lists)
    identity = RunIdentity({**to_mapping(config), **data}, resumable)
    if before is not None:
        identity.check(before, config.experiment)
    return identity


def _initial_model(config: RunConfig, num_pdfs: int) -> AcousticModel:
    """Return the model with random weights, or with those of another experiment that fit."""
    torch.manual_seed(config.training.seed)
    model = build_configured_model(config.network.in_float, num_pdfs)
    if config.initialize_from is None:
        return model
    trained = Experiment.load(config.initialize_from)
    before, now = trained.description.features.cmvn, config.features.cmvn
    if config.training.criterion != "cross_entropy" and before != now and "online" in (before, now):
        raise MismatchError(
            f"was trained with features.cmvn={before}, this run has features.cmvn={now}",
            path=config.initialize_from,
            fix=f"set features.cmvn={before}, or train a network with cross_entropy and features.cmvn={now} first",
        )
    start_from(
        model,
        TrainedNetwork(trained.directory, trained.model.state_dict(), trained.description.model.patterns),
        config.network.patterns,
        stage=config.binarize,
        whole="" if config.training.criterion == "cross_entropy" else config.training.criterion,
    )
    return model


def _write_inputs(config: RunConfig, corpus: Corpus, distributed: DistributedContext) -> None:
    """Write the resolved configuration, the record of this start, and the model and tree of the labels."""
    directory = config.experiment
    with atomic_open(directory / "config.yaml", "w") as file:
        file.write(write_yaml(config))
    write_record(
        directory,
        to_mapping(config),
        describe_inputs(corpus, config.initialize_from, config.augmentation.lists()),
        distributed,
    )
    for name in ("final.mdl", "tree", "phones.txt"):
        _copy_if_present(corpus.alignments / name, directory / name)


def _copy_if_present(source: Path, target: Path) -> None:
    if source.is_file() and not (target.exists() and target.samefile(source)):
        with atomic_path(target) as temporary:
            shutil.copyfile(source, temporary)


def _log_inputs(config: RunConfig, corpus: Corpus, model: AcousticModel) -> None:
    for name, data in (("train", corpus.train), ("held out", corpus.valid)):
        if data is not None:
            logger.info("%s: %d utterances, %d frames", name, len(data.utterances), data.num_frames)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    logger.info(
        "%s, width %g: %.2f M parameters, %d pdfs",
        config.model.name,
        config.model.width,
        parameters / 1e6,
        corpus.num_pdfs,
    )


def _log_results(config: RunConfig, priors: Priors, origin: str, held_out: MetricSums | None) -> None:
    logger.info(
        "priors: %d pdfs, %d of them never seen, %d at the floor of %.2g",
        priors.num_pdfs,
        int(np.count_nonzero(priors.counts == 0)),
        priors.num_floored,
        priors.floor,
    )
    if held_out is not None:
        logger.info(
            "final: %s, held-out loss %.4f accuracy %.2f%%", origin, held_out.mean_loss, 100 * held_out.accuracy
        )
    logger.info("written: %s", config.experiment / "final.safetensors")
