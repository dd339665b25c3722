"""Utterances and their labels, matched and split into training data and held-out data."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from blasr.chunks import PdfLabels, PlannedUtterance, index_labels
from blasr.data import DataDir, UtteranceSelection, open_data_dir
from blasr.errors import DataError, MismatchError
from blasr.pipeline.config import DataConfig
from blasr.tally import Tally

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabeledData:
    """Utterances of one data directory that have labels.

    Args:
        data_dir: the audio and the speakers' statistics.
        utterances: the chosen utterances, by utterance-id.
        labels: pdf-ids of these utterances, and perhaps of others.
    """

    data_dir: DataDir
    utterances: UtteranceSelection
    labels: PdfLabels

    def planned_utterances(self) -> list[PlannedUtterance]:
        """Return the utterances with their lengths, for planning epochs."""
        return [
            PlannedUtterance(name, self.utterances.table.speaker(row), self.labels.num_frames(name))
            for name, row in zip(self.utterances, self.utterances.rows, strict=True)
        ]

    @cached_property
    def num_frames(self) -> int:
        """Number of labeled frames."""
        return sum(self.labels.num_frames(name) for name in self.utterances)

    def subset(self, places: Sequence[int]) -> LabeledData:
        """Return the same data with the utterances at these places; the speakers' statistics stay those of all."""
        return LabeledData(self.data_dir, self.utterances.select(places), self.labels)

    def fingerprint(self) -> str:
        """Return a digest of the chosen utterances and of their labels."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        digest = hashlib.sha256(self.labels.fingerprint.encode())
        for name in self.utterances:
            digest.update(name.encode() + b"\n")
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Corpus:
    """Training data, held-out data (None for nothing), and the alignment directory with ``final.mdl``."""

    train: LabeledData
    valid: LabeledData | None
    alignments: Path

    @property
    def num_pdfs(self) -> int:
        """Number of pdfs of ``final.mdl``."""
        return self.train.labels.num_pdfs


def read_labeled(path: Path, alignments: Path, index: Path, config: DataConfig, stage: str) -> LabeledData:
    """Return the utterances of a data directory that have an alignment.

    Args:
        path: a Kaldi data directory.
        alignments: its alignment directory.
        index: receives the indexed labels; the table of the utterances goes beside it.
        config: ``max_loss`` and ``allow_pipes``.
        stage: the name of the data in logs and errors.

    Raises:
        DataError: there are no utterances, the alignments belong to others, or too many utterances have none.
    """
    table = index.with_name(f"{index.name}_utterances")
    data_dir, utterances = open_data_dir(path, table, allow_pipes=config.allow_pipes)
    labels = index_labels(alignments, index)
    labels.check_utterances(utterances, path)
    tally = Tally(f"{stage} labels", config.max_loss)
    kept = []
    for place, name in enumerate(utterances):
        if name not in labels:
            tally.drop(name, f"without an alignment in {alignments}")
        elif labels.num_frames(name) == 0:
            tally.drop(name, "with an empty alignment")
        else:
            tally.keep()
            kept.append(place)
    if tally.dropped:
        logger.info("%s", tally.summary())
    tally.check()
    return LabeledData(data_dir, utterances.select(kept), labels)


def read_corpus(config: DataConfig, index: Path, seed: int) -> Corpus:
    """Read and match the training data and the held-out data.

    Args:
        config: the directories.
        index: receives the indexed labels.
        seed: seed for the choice of held-out utterances, if there is no held-out data directory.

    Raises:
        DataError: as :func:`read_labeled`; or nothing is left to train on.
        MismatchError: the held-out labels belong to another tree.
    """
    train = read_labeled(config.train, config.alignments, index / "train", config, "train")
    if config.valid is None:
        kept, held_out = _hold_out(train, config.valid_share, seed)
        return Corpus(kept, held_out, config.alignments)
    alignments = config.valid_alignments or config.alignments
    valid = read_labeled(config.valid, alignments, index / "valid", config, "valid")
    if valid.labels.num_pdfs != train.labels.num_pdfs:
        raise MismatchError(
            f"{alignments}/final.mdl has {valid.labels.num_pdfs} pdfs, {config.alignments}/final.mdl has "
            f"{train.labels.num_pdfs}",
            fix="align the held-out data with the model that aligned the training data",
        )
    return Corpus(_without(train, valid, config), valid, config.alignments)


def _without(train: LabeledData, valid: LabeledData, config: DataConfig) -> LabeledData:
    """Return the training data without the utterances that are held out."""
    kept = [place for place, name in enumerate(train.utterances) if name not in valid.utterances]
    num_held_out = len(train.utterances) - len(kept)
    if not num_held_out:
        return train
    logger.info("train: %d utterances are held out because they are also in %s", num_held_out, config.valid)
    if not kept:
        raise DataError(f"every utterance is also in {config.valid}: nothing is left to train on", path=config.train)
    return train.subset(kept)


def _hold_out(data: LabeledData, share: float, seed: int) -> tuple[LabeledData, LabeledData | None]:
    """Return the training part and a random held-out part, or None if nothing is held out."""
    total = len(data.utterances)
    count = max(1, round(share * total)) if share and total > 1 else 0
    if not count:
        return data, None
    held_out = np.zeros(total, dtype=bool)
    held_out[np.random.default_rng(seed).choice(total, count, replace=False)] = True
    return data.subset(np.flatnonzero(~held_out).tolist()), data.subset(np.flatnonzero(held_out).tolist())
