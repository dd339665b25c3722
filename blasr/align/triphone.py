"""GMMs of triphones, with pdfs tied by a tree (steps/train_deltas.sh)."""

from __future__ import annotations

import logging
from typing import Final

import numpy as np

from blasr.align.alignment_conversion import AlignmentConverter
from blasr.align.gmm_alignment import AlignmentPass
from blasr.align.gmm_stage import AlignmentCorpus, Alignments, GmmModel
from blasr.align.gmm_training import Mixtures
from blasr.align.questions import cluster_phones, compile_questions
from blasr.align.tree_building import build_tree
from blasr.align.tree_stats import Moments, TreeStats, TreeStatsAccumulator
from blasr.hmm.phone_segments import Segmenter
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import ContextDependency

logger = logging.getLogger(__name__)

STAGE: Final = "triphone"


def tree_stats(corpus: AlignmentCorpus, transitions: TransitionModel, alignments: Alignments) -> TreeStats:
    """Statistics of phones in context for an alignment of the corpus (bin/acc-tree-stats.cc)."""
    config = corpus.config.triphone
    accumulator = TreeStatsAccumulator(
        max(corpus.lang.topology.phones),
        corpus.phone_lists.context_independent,
        context_width=config.context_width,
        central_position=config.central_position,
    )
    segmenter = Segmenter(transitions)
    for batch in corpus.store.batches(corpus.config.batch_frames):
        pairs = [(found, corpus.store.features(i)) for i in batch if (found := alignments[i]) is not None]
        accumulator.add(segmenter, pairs)
    return accumulator.stats()


def pdf_moments(stats: TreeStats, tree: ContextDependency) -> Moments:
    """The moments ``(num_pdfs, 1 + 2 D)`` of the frames of every pdf of a tree."""
    windows = np.maximum(stats.windows, 0).tolist()
    pdfs = [
        tree.pdf_id(window, pdf_class) for window, pdf_class in zip(windows, stats.pdf_classes.tolist(), strict=True)
    ]
    moments = np.zeros((tree.num_pdfs, stats.moments.shape[1]))
    np.add.at(moments, pdfs, stats.moments)
    return moments


def grow_tree(corpus: AlignmentCorpus, stats: TreeStats) -> ContextDependency:
    """Cluster questions from the statistics and build the tree; log the sizes and gains."""
    config, topology, lists = corpus.config.triphone, corpus.lang.topology, corpus.phone_lists
    num_pdf_classes = {phone: topology.num_pdf_classes(phone) for phone in topology.phones}
    clustered = cluster_phones(stats, lists.sets)
    questions = compile_questions(
        [*clustered, *lists.extra_questions], max(num_pdf_classes.values()), config.context_width
    )
    tree, report = build_tree(stats, questions, lists.roots, num_pdf_classes, config.tree)
    logger.info(
        "tree: %d statistics, %d questions, %d splits gain %.3f per frame, %d leaves after merging %d",
        len(stats),
        len(questions.of_key[0]),
        report.num_splits,
        report.gain / max(report.num_frames, 1.0),
        report.num_leaves,
        report.num_removed,
    )
    if report.unseen_phones:
        names = ", ".join(corpus.lang.phones.symbol_of(phone) for phone in report.unseen_phones)
        logger.warning("tree: the data has no frames of the phone(s) %s; they get the average Gaussian", names)
    return tree


def train_triphone(
    corpus: AlignmentCorpus, monophone: GmmModel, alignments: Alignments
) -> tuple[GmmModel, AlignmentPass]:
    """Build a tree from alignments of the corpus and train its GMMs.

    Args:
        corpus: the data.
        monophone: the model that made the alignments.
        alignments: an alignment of the corpus.

    Returns:
        The model and its alignments.
    """
    config = corpus.config.triphone
    stats = tree_stats(corpus, monophone.transitions, alignments)
    tree = grow_tree(corpus, stats)
    moments = pdf_moments(stats, tree)
    transitions = TransitionModel.from_tree(tree, corpus.lang.topology)
    model = GmmModel(tree, transitions, Mixtures.single(moments), moments[:, 0])
    converter = AlignmentConverter(monophone.transitions, transitions, tree)
    converted = [None if alignment is None else converter.convert(alignment) for alignment in alignments]
    graphs = corpus.graphs(tree, transitions)
    return corpus.train(STAGE, model, graphs, converted, config, config.beams)
