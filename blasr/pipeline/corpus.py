"""Utterances and their labels, matched and split into training data and held-out data."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from blasr.chunks import PdfLabels, PlannedUtterances, index_labels, labels_are_indexed
from blasr.data import DataDir, UtteranceSelection, has_table, open_data_dir
from blasr.errors import BlasrError, DataError, MismatchError
from blasr.pipeline.config import DataConfig
from blasr.tally import Tally
from blasr.units import AnyArray

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabeledData:
    """Utterances of one data directory that have labels.

    Args:
        data_dir: the audio and the speakers' statistics.
        utterances: the chosen utterances, by utterance-id.
        labels: pdf-ids of these utterances, and perhaps of others.
        label_rows: the row of each utterance in the index of the labels: int64 ``(N,)``.
    """

    data_dir: DataDir
    utterances: UtteranceSelection
    labels: PdfLabels
    label_rows: AnyArray

    def planned_utterances(self) -> PlannedUtterances:
        """Return the utterances with their lengths, for planning epochs."""
        return PlannedUtterances(self.utterances.names, self.utterances.speakers, self.lengths)

    @cached_property
    def lengths(self) -> AnyArray:
        """Numbers of labeled frames: int32 ``(N,)``."""
        return self.labels.index.num_frames_of(self.label_rows).astype(np.int32)

    @cached_property
    def num_frames(self) -> int:
        """Number of labeled frames."""
        return int(self.lengths.sum(dtype=np.int64))

    def pdf_counts(self) -> AnyArray:
        """Count the labeled frames of each pdf: int64 ``(num_pdfs,)``."""
        return self.labels.counts(self.label_rows)

    def subset(self, places: AnyArray) -> LabeledData:
        """Return the same data with the utterances at these places; the speakers' statistics stay those of all."""
        return LabeledData(self.data_dir, self.utterances.select(places), self.labels, self.label_rows[places])

    def fingerprint(self) -> str:
        """Return a digest of the chosen utterances and of their labels."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        digest = hashlib.sha256(self.labels.fingerprint.encode())
        self.utterances.digest_into(digest)
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


def read_labeled(
    path: Path, alignments: Path, index: Path, config: DataConfig, stage: str, num_jobs: int = 1
) -> LabeledData:
    """Return the utterances of a data directory that have an alignment.

    Args:
        path: a Kaldi data directory.
        alignments: its alignment directory.
        index: receives the indexed labels; the table of the utterances goes beside it.
        config: ``max_loss`` and ``allow_pipes``.
        stage: the name of the data in logs and errors.
        num_jobs: the number of processes that read the archives of alignments.

    Raises:
        DataError: there are no utterances, the alignments belong to others, or too many utterances have none.
    """
    data_dir, utterances = open_data_dir(path, _table_of(index), allow_pipes=config.allow_pipes)
    labels = index_labels(alignments, index, num_jobs)
    rows = utterances.rows_in(labels.index.key_table)
    if not (rows >= 0).any():
        labels.check_utterances(utterances, path)
    is_empty = (rows >= 0) & (labels.index.num_frames_of(np.maximum(rows, 0)) == 0)
    kept = np.flatnonzero((rows >= 0) & ~is_empty)
    tally = Tally(f"{stage} labels", config.max_loss)
    tally.keep(len(kept))
    for reason, is_lost in (("without an alignment in {alignments}", rows < 0), ("with an empty alignment", is_empty)):
        if is_lost.any():
            first = utterances.names[int(np.argmax(is_lost))]
            tally.drop(first, reason.format(alignments=alignments), int(is_lost.sum()))
    if tally.dropped:
        logger.info("%s", tally.summary())
    tally.check()
    return LabeledData(data_dir, utterances.select(kept), labels, rows[kept])


def _table_of(index: Path) -> Path:
    """Return the folder of the table of utterances whose labels are in ``index``."""
    return index.with_name(f"{index.name}_utterances")


def corpus_is_indexed(config: DataConfig, index: Path) -> bool:
    """Whether :func:`read_corpus` would build nothing: another process has built the tables and the labels.

    It is false, and raises no error, if files are missing or damaged: the process that builds reports them.
    """
    parts = [(config.train, config.alignments, index / "train")]
    if config.valid is not None:
        parts.append((config.valid, config.valid_alignments or config.alignments, index / "valid"))
    try:
        return all(
            has_table(path, _table_of(folder), allow_pipes=config.allow_pipes)
            and labels_are_indexed(alignments, folder)
            for path, alignments, folder in parts
        )
    except BlasrError:
        return False


def read_corpus(config: DataConfig, index: Path, seed: int, num_jobs: int = 1) -> Corpus:
    """Read and match the training data and the held-out data.

    Args:
        config: the directories.
        index: receives the indexed labels.
        seed: seed for the choice of held-out utterances, if there is no held-out data directory.
        num_jobs: the number of processes that read the archives of alignments.

    Raises:
        DataError: as :func:`read_labeled`; or nothing is left to train on.
        MismatchError: the held-out labels belong to another tree.
    """
    train = read_labeled(config.train, config.alignments, index / "train", config, "train", num_jobs)
    if config.valid is None:
        kept, held_out = _hold_out(train, config.valid_share, seed)
        return Corpus(kept, held_out, config.alignments)
    alignments = config.valid_alignments or config.alignments
    valid = read_labeled(config.valid, alignments, index / "valid", config, "valid", num_jobs)
    if valid.labels.num_pdfs != train.labels.num_pdfs:
        raise MismatchError(
            f"{alignments}/final.mdl has {valid.labels.num_pdfs} pdfs, {config.alignments}/final.mdl has "
            f"{train.labels.num_pdfs}",
            fix="align the held-out data with the model that aligned the training data",
        )
    return Corpus(_without(train, valid, config), valid, config.alignments)


def _without(train: LabeledData, valid: LabeledData, config: DataConfig) -> LabeledData:
    """Return the training data without the utterances that are held out."""
    kept = np.flatnonzero(~valid.utterances.contains_rows_of(train.utterances))
    num_held_out = len(train.utterances) - len(kept)
    if not num_held_out:
        return train
    logger.info("train: %d utterances are held out because they are also in %s", num_held_out, config.valid)
    if not len(kept):
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
    return data.subset(np.flatnonzero(~held_out)), data.subset(np.flatnonzero(held_out))
