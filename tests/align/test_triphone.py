from __future__ import annotations

import numpy as np

from blasr.align.gmm_stage import AlignmentCorpus
from blasr.align.monophone import initial_model, uniform_alignments
from blasr.align.triphone import grow_tree, pdf_moments, train_triphone, tree_stats


def test_statistics_tree_and_moments_agree(small_corpus: AlignmentCorpus) -> None:
    model = initial_model(small_corpus)
    alignments = uniform_alignments(small_corpus, small_corpus.graphs(model.tree, model.transitions))
    stats = tree_stats(small_corpus, model.transitions, alignments)
    assert stats.num_frames == small_corpus.store.num_frames
    tree = grow_tree(small_corpus, stats)
    assert (tree.context_width, tree.central_position) == (3, 1)
    assert 6 < tree.num_pdfs <= 30
    moments = pdf_moments(stats, tree)
    assert moments.shape == (tree.num_pdfs, 1 + 2 * 39)
    np.testing.assert_allclose(moments.sum(axis=0), stats.moments.sum(axis=0))


def test_triphones_are_trained_from_alignments_of_monophones(small_corpus: AlignmentCorpus) -> None:
    monophone = initial_model(small_corpus)
    alignments = uniform_alignments(small_corpus, small_corpus.graphs(monophone.tree, monophone.transitions))
    model, aligned = train_triphone(small_corpus, monophone, alignments)
    assert [(report.stage, report.iteration) for report in small_corpus.reports] == [("triphone", 1), ("triphone", 2)]
    assert aligned.num_failed == 0
    assert model.transitions.num_pdfs == model.tree.num_pdfs == model.mixtures.num_pdfs
    for alignment in aligned.alignments:
        assert alignment is not None
        assert alignment.max() <= model.transitions.num_transition_ids
