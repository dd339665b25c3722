"""The loss of a training run: cross-entropy, or a sequence criterion with its denominator graph."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from blasr.config import write_yaml
from blasr.errors import ConfigError, DataError
from blasr.hmm import read_transition_model, read_tree
from blasr.inference import Priors
from blasr.io import read_alignments
from blasr.pipeline.config import RunConfig
from blasr.pipeline.corpus import Corpus
from blasr.sequence import SequenceCriterion, SequenceGraph, build_denominator
from blasr.training import CrossEntropy, DistributedContext, LossSums
from blasr.units import IntArray

logger = logging.getLogger(__name__)

_MOST_ROUNDED_FRAMES = 3
"""After a change of speed, rounding may change the length of an utterance by this number of frames."""


class SequenceLoss(nn.Module):
    """A sequence criterion, plus the weighted cross-entropy of the frames.

    Args:
        criterion: the sequence criterion.
        frames: the cross-entropy.
        frame_weight: its weight.
    """

    def __init__(self, criterion: SequenceCriterion, frames: CrossEntropy, frame_weight: float) -> None:
        super().__init__()
        self._criterion = criterion
        self._frames = frames
        self._frame_weight = frame_weight

    def forward(self, outputs: Tensor, targets: Tensor) -> LossSums:
        """Return the sums over the frames of outputs ``(B, num_pdfs, T)`` and targets ``(B, T)``."""
        frames = self._frames(outputs, targets)
        loss = self._criterion(outputs, targets) + self._frame_weight * frames.loss
        return LossSums(loss, frames.correct, frames.count)


def make_loss(config: RunConfig, corpus: Corpus, distributed: DistributedContext) -> nn.Module:
    """Return the loss that ``training.criterion`` names.

    Raises:
        ConfigError: the chunks are not whole utterances, as ``sequence.whole_utterances`` says, or the priors are to
            come from the posteriors of the trained network.
        DataError: the alignment directory has no tree, or an alignment does not belong to its model.
    """
    frames = CrossEntropy(config.training.label_smoothing)
    kind = config.training.criterion
    if kind == "cross_entropy":
        return frames
    if config.sequence.whole_utterances:
        check_whole_utterances(config, corpus)
    priors = _priors(config, corpus)
    criterion = SequenceCriterion(kind, denominator_graph(config, corpus, distributed), priors.log, config.sequence)
    return SequenceLoss(criterion, frames, config.sequence.frame_weight).to(distributed.device)


def _priors(config: RunConfig, corpus: Corpus) -> Priors:
    """Return the priors that the criterion divides posteriors by: those that the experiment will have."""
    counts, source = corpus.train.pdf_counts(), config.priors.source
    if source == "posteriors":
        raise ConfigError(
            f"priors.source is {source}, but training.criterion={config.training.criterion} needs priors before the "
            "network is trained",
            fix="set priors.source=labels or uniform",
        )
    occupancies = np.ones(len(counts)) if source == "uniform" else None
    return Priors.from_counts(counts, config.priors, str(config.data.alignments), occupancies=occupancies)


def check_whole_utterances(config: RunConfig, corpus: Corpus) -> None:
    """Raise :class:`ConfigError` if an utterance does not fit into one chunk at the slowest speed."""
    slowest = min(speed for speed, _ in config.augmentation.voices())
    for data in (corpus.train, corpus.valid):
        if data is None:
            continue
        longest = int(np.argmax(data.lengths))
        frames = int(data.lengths[longest] / slowest) + _MOST_ROUNDED_FRAMES
        if frames > config.chunks.chunk_frames:
            raise ConfigError(
                f"chunks.chunk_frames is {config.chunks.chunk_frames}, but sequence.whole_utterances is true and "
                f"{data.utterances.names[longest]} may have {frames} frames",
                fix=f"set chunks.chunk_frames={frames} or more, or sequence.whole_utterances=false",
            )


def denominator_graph(config: RunConfig, corpus: Corpus, distributed: DistributedContext) -> SequenceGraph:
    """Return the denominator graph of the training alignments.

    It is kept in the experiment directory, under a name that depends on all that it is made from. Rank 0 makes it while
    the others wait.
    """
    model, tree = corpus.alignments / "final.mdl", corpus.alignments / "tree"
    if not tree.is_file():
        raise DataError("is missing", path=tree, fix="give an alignment directory with its tree")
    digest = hashlib.sha256(corpus.train.fingerprint().encode())
    digest.update(write_yaml(config.sequence.phone_lm).encode())
    for path in (model, tree):
        digest.update(path.read_bytes())
    kept = config.experiment / "sequence" / f"denominator-{digest.hexdigest()[:16]}.npz"
    if distributed.is_main and not kept.exists():
        transitions = read_transition_model(model)
        graph = build_denominator(_alignments(corpus), transitions, read_tree(tree), config.sequence.phone_lm)
        kept.parent.mkdir(parents=True, exist_ok=True)
        graph.write(kept)
    distributed.wait_for(kept.exists)
    return SequenceGraph.read(kept)


def _alignments(corpus: Corpus) -> Iterator[IntArray]:
    """Yield the transition-ids of the training utterances."""
    for name, alignment in read_alignments(Path(corpus.alignments)):
        if name in corpus.train.utterances:
            yield alignment
