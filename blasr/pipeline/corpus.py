"""Utterances and their labels, matched and split into what is trained on and what is held out."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blasr.chunks import PdfLabels, PlannedUtterance, index_labels
from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import DataError, MismatchError
from blasr.pipeline.config import DataConfig
from blasr.tally import Tally

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabeledData:
    """Utterances of one data directory that have labels.

    Args:
        data_dir: whose audio, and whose speakers' statistics.
        utterances: by utterance-id, the chosen ones only.
        labels: their pdf-ids, and perhaps those of others.
    """

    data_dir: DataDir
    utterances: dict[str, Utterance]
    labels: PdfLabels

    def entries(self) -> list[PlannedUtterance]:
        """For planning epochs."""
        return [
            PlannedUtterance(name, utterance.speaker, self.labels.num_frames(name))
            for name, utterance in self.utterances.items()
        ]

    @property
    def num_frames(self) -> int:
        """Labelled frames."""
        return sum(self.labels.num_frames(name) for name in self.utterances)

    def subset(self, names: Sequence[str]) -> LabeledData:
        """The same data with fewer utterances; speakers' statistics stay those of all."""
        return LabeledData(self.data_dir, {name: self.utterances[name] for name in names}, self.labels)

    def fingerprint(self) -> str:
        """Depends on the utterances chosen and on their labels."""
        digest = hashlib.sha256(self.labels.fingerprint.encode())
        for name in self.utterances:
            digest.update(name.encode() + b"\n")
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Corpus:
    """What is trained on, what is held out (perhaps nothing), and the alignment directory with ``final.mdl``."""

    train: LabeledData
    valid: LabeledData | None
    alignments: Path

    @property
    def num_pdfs(self) -> int:
        """Pdfs of ``final.mdl``."""
        return self.train.labels.num_pdfs


def read_labeled(path: Path, alignments: Path, index: Path, config: DataConfig, stage: str) -> LabeledData:
    """The utterances of a data directory that have an alignment.

    Raises:
        DataError: nothing to train on, alignments of other utterances, or too many utterances without one.
    """
    data_dir = DataDir.read(path, allow_pipes=config.allow_pipes)
    if not data_dir.utterances:
        raise DataError("has no utterances", path=path, fix="check it with `blasr data check`")
    labels = index_labels(alignments, index)
    utterances = {utterance.id: utterance for utterance in data_dir.utterances}
    labels.check_utterances(utterances, path)
    tally = Tally(f"{stage} labels", config.max_loss)
    kept = {}
    for name, utterance in utterances.items():
        if name not in labels:
            tally.drop(name, f"without an alignment in {alignments}")
        elif labels.num_frames(name) == 0:
            tally.drop(name, "with an empty alignment")
        else:
            tally.keep()
            kept[name] = utterance
    if tally.dropped:
        logger.info("%s", tally.summary())
    tally.check()
    return LabeledData(data_dir, kept, labels)


def read_corpus(config: DataConfig, index: Path, seed: int) -> Corpus:
    """Read and match everything that training needs; ``index`` receives the indexed labels.

    Raises:
        DataError: as :func:`read_labeled`; or nothing is left to train on.
        MismatchError: held-out labels of another tree.
    """
    everything = read_labeled(config.train, config.alignments, index / "train", config, "train")
    if config.valid is None:
        train, valid = _hold_out(everything, config.valid_share, seed)
        return Corpus(train, valid, config.alignments)
    alignments = config.valid_alignments or config.alignments
    valid = read_labeled(config.valid, alignments, index / "valid", config, "valid")
    if valid.labels.num_pdfs != everything.labels.num_pdfs:
        raise MismatchError(
            f"{alignments}/final.mdl has {valid.labels.num_pdfs} pdfs, {config.alignments}/final.mdl has "
            f"{everything.labels.num_pdfs}",
            fix="align the held-out data with the model that the training data was aligned with",
        )
    both = [name for name in everything.utterances if name in valid.utterances]
    if both:
        logger.info("train: %d utterances are held out because they are in %s, too", len(both), config.valid)
        everything = everything.subset([name for name in everything.utterances if name not in valid.utterances])
        if not everything.utterances:
            raise DataError(
                f"every utterance is also in {config.valid}: nothing is left to train on", path=config.train
            )
    return Corpus(everything, valid, config.alignments)


def _hold_out(data: LabeledData, share: float, seed: int) -> tuple[LabeledData, LabeledData | None]:
    names = list(data.utterances)
    count = max(1, round(share * len(names))) if share and len(names) > 1 else 0
    if not count:
        return data, None
    held_out = set(np.random.default_rng(seed).choice(len(names), count, replace=False).tolist())
    return (
        data.subset([name for index, name in enumerate(names) if index not in held_out]),
        data.subset([names[index] for index in sorted(held_out)]),
    )
