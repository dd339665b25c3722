"""The checkpoints of an experiment by name: the final weights, those of an epoch, or the average of several epochs."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from blasr.config import load_config
from blasr.errors import ConfigError, DataError
from blasr.inference import network_of
from blasr.models import AcousticModel
from blasr.pipeline.batches import make_batches, without_augmentation
from blasr.pipeline.config import RunConfig
from blasr.pipeline.corpus import read_corpus
from blasr.pipeline.experiment import ModelDescription, checkpoint_path
from blasr.threads import one_torch_thread
from blasr.training import (
    DistributedContext,
    average_weights,
    choose_device,
    load_weights,
    recompute_batch_norm,
    save_weights,
)

logger = logging.getLogger(__name__)


def saved_epochs(directory: Path) -> list[int]:
    """Return the epochs with weights in an experiment directory, ascending."""
    matches = (
        re.fullmatch(r"epoch(\d+)", path.stem) for path in (directory / "checkpoints").glob("epoch*.safetensors")
    )
    return sorted(int(match[1]) for match in matches if match is not None)


def expand_checkpoints(directory: Path, names: Sequence[str]) -> list[str]:
    """Return checkpoint names with ranges such as ``epoch9-12`` expanded, without duplicates, in their order.

    Raises:
        ConfigError: a name is not one of final, epochN, epochM-N and averageM-N.
        DataError: an epoch has no weights.
    """
    known, found = saved_epochs(directory), []
    for name in names:
        match = re.fullmatch(r"(epoch|average)(\d+)(?:-(\d+))?", name)
        if name == "final":
            found.append(name)
            continue
        if match is None or (match[1] == "average") > (match[3] is not None):
            fix = "give final, epochN, a range of epochs such as epoch9-12, or an average such as average9-12"
            raise ConfigError(f"checkpoint {name!r} is unknown", fix=fix)
        epochs = list(range(int(match[2]), int(match[3] or match[2]) + 1))
        absent = [epoch for epoch in epochs if epoch not in known]
        if absent or not epochs:
            present = ", ".join(map(str, known)) or "none"
            what = f"epoch {absent[0]} is not there" if absent else "the range is empty"
            raise DataError(f"{name}: {what}; found weights of epochs {present}", path=directory / "checkpoints")
        if match[1] == "average":
            found.append(f"average{epochs[0]}-{epochs[-1]}")
        else:
            found += [f"epoch{epoch}" for epoch in epochs]
    return list(dict.fromkeys(found))


def default_checkpoints(directory: Path, count: int = 4) -> list[str]:
    """Return the last epochs of an experiment and their average; only "final" if no epoch has weights.

    The average needs the training data; a message says so if it is absent.
    """
    epochs = saved_epochs(directory)[-count:]
    if not epochs:
        return ["final"]
    names = [f"epoch{epoch}" for epoch in epochs]
    path = directory / "config.yaml"
    if len(epochs) == 1 or epochs[-1] - epochs[0] != len(epochs) - 1 or not path.is_file():
        return names
    train = load_config(RunConfig, path).data.train
    if not train.is_dir():
        logger.info("the average of epochs %d to %d is left out: it needs %s", epochs[0], epochs[-1], train)
        return names
    return [*names, f"average{epochs[0]}-{epochs[-1]}"]


def prepare_checkpoint(directory: Path, name: str, device: str = "cpu") -> Path:
    """Return the weights of a checkpoint; an average is computed unless it exists already.

    The statistics of batch norm are estimated again for averaged weights on ``training.batch_norm_batches`` batches
    of the training data, which is not augmented.

    Args:
        directory: an experiment directory.
        name: as :func:`expand_checkpoints` returns it.
        device: where statistics are estimated.

    Raises:
        DataError: the training data or the weights of an epoch cannot be read.
    """
    path = checkpoint_path(directory, name, must_exist=False)
    match = re.fullmatch(r"average(\d+)-(\d+)", name)
    if match is None:
        return checkpoint_path(directory, name)
    first, last = int(match[1]), int(match[2])
    sources = [checkpoint_path(directory, f"epoch{epoch}") for epoch in range(first, last + 1)]
    digest = _digest(sources)
    if path.is_file() and load_weights(path)[1].get("sources") == digest:
        return path
    description = load_config(ModelDescription, directory / "final.yaml")
    model = network_of(description.model, description.num_pdfs, average_weights(sources), path)
    config = replace(load_config(RunConfig, directory / "config.yaml"), experiment=directory)  # it may have been moved
    origin = f"average of epochs {first} to {last}"
    if config.training.batch_norm_batches:
        used = _estimate_batch_norm(model, config, directory, device)
        logger.info("%s: statistics of batch norm estimated on %d batches of %s", name, used, config.data.train)
    save_weights(path, model.state_dict(), {"origin": origin, "sources": digest})
    return path


def _estimate_batch_norm(model: AcousticModel, config: RunConfig, directory: Path, device: str) -> int:
    plain = without_augmentation(config)
    place = DistributedContext(device=choose_device(device))
    corpus = read_corpus(config.data, directory / "labels", config.training.seed)
    batches = make_batches(plain, corpus, place).train.batches(1)
    # one thread, as in training: a second one gains little, and is very slow when other programs run
    with one_torch_thread():
        used = recompute_batch_norm(model.to(place.device), batches, place.device, config.training.batch_norm_batches)
    model.cpu()
    return used


def _digest(paths: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
