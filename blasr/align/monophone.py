"""GMMs of monophones, trained from a uniform alignment (steps/train_mono.sh)."""

from __future__ import annotations

import dataclasses
import zlib
from typing import Final

import numpy as np

from blasr.align.config import AlignmentBeams
from blasr.align.gmm_alignment import AlignmentPass, TrainingGraphs
from blasr.align.gmm_stage import AlignmentCorpus, Alignments, GmmModel, UpdatePlan
from blasr.align.gmm_training import Mixtures
from blasr.align.tree_stats import moments_of
from blasr.align.uniform_alignment import TOO_SHORT_FOR_WORDS, equal_align
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import monophone_tree
from blasr.tally import Tally
from blasr.units import IntArray

STAGE: Final = "monophone"


def initial_model(corpus: AlignmentCorpus) -> GmmModel:
    """The model before training: every pdf has the mean and variance of the whole corpus (gmmbin/gmm-init-mono.cc)."""
    topology = corpus.lang.topology
    tree = monophone_tree(
        corpus.phone_lists.sets, {phone: topology.num_pdf_classes(phone) for phone in topology.phones}
    )
    width = corpus.store.frames.shape[1]
    total = np.zeros(1 + 2 * width)
    for batch in corpus.store.batches(corpus.config.batch_frames):
        for index in batch:
            total += moments_of(corpus.store.features(index)).sum(axis=0)
    mixtures = Mixtures.single(np.tile(total, (tree.num_pdfs, 1)))
    return GmmModel(tree, TransitionModel.from_tree(tree, topology), mixtures, np.zeros(tree.num_pdfs))


def uniform_alignments(corpus: AlignmentCorpus, graphs: TrainingGraphs) -> list[IntArray | None]:
    """Align every utterance with equal times for all states (bin/align-equal-compiled.cc).

    The utterance-id and the configured seed determine the path through the graph.

    Returns:
        Transition-ids ``(T,)`` of every utterance; None if it is too short for its words.
    """
    alignments = []
    for index, utterance in enumerate(corpus.store.utterances):
        seed = zlib.crc32(utterance.id.encode()) + corpus.config.seed
        graph = graphs.graph(utterance.words or ())
        alignments.append(equal_align(graph, len(corpus.store.features(index)), seed))
    return alignments


def train_monophone(corpus: AlignmentCorpus) -> tuple[GmmModel, AlignmentPass]:
    """Train monophones.

    Returns:
        The model and its alignments.

    Raises:
        DataError: the share of utterances that are too short for their words is above ``max_loss``.
    """
    config = corpus.config.monophone
    model = initial_model(corpus)
    graphs = corpus.graphs(model.tree, model.transitions)
    alignments = uniform_alignments(corpus, graphs)
    _check_lengths(corpus, alignments)
    options = dataclasses.replace(config.update, min_gaussian_occupancy=config.initial_min_gaussian_occupancy)
    plan = UpdatePlan(STAGE, 0, model.mixtures.num_gaussians, config.power, options)
    model = corpus.update(model, alignments, plan)
    first_beams = AlignmentBeams(config.initial_beam, 4.0 * config.initial_beam)
    return corpus.train(STAGE, model, graphs, alignments, config, first_beams)


def _check_lengths(corpus: AlignmentCorpus, alignments: Alignments) -> None:
    """Raise :class:`DataError` before training if too many utterances are too short for their words."""
    tally = Tally("align", max_loss=corpus.config.max_loss)
    for utterance, alignment in zip(corpus.store.utterances, alignments, strict=True):
        if alignment is None:
            tally.drop(utterance.id, TOO_SHORT_FOR_WORDS)
        else:
            tally.keep()
    tally.check()
