from __future__ import annotations

from dataclasses import replace

import numpy as np

from blasr.align.config import AlignmentBeams, UpdateOptions
from blasr.align.gmm_alignment import AlignmentPass
from blasr.align.gmm_stage import AlignmentCorpus, GmmModel, UpdatePlan
from blasr.align.monophone import initial_model, uniform_alignments
from blasr.units import IntArray


def aligned_uniformly(corpus: AlignmentCorpus) -> tuple[GmmModel, list[IntArray | None]]:
    model = initial_model(corpus)
    return model, uniform_alignments(corpus, corpus.graphs(model.tree, model.transitions))


def test_sums_do_not_depend_on_the_number_of_workers(small_corpus: AlignmentCorpus) -> None:
    model, alignments = aligned_uniformly(small_corpus)
    sums, counts = small_corpus.accumulate(model, alignments)
    parallel = replace(small_corpus, config=replace(small_corpus.config, nj=3))
    other_sums, other_counts = parallel.accumulate(model, alignments)
    np.testing.assert_array_equal(sums.moments, other_sums.moments)
    np.testing.assert_array_equal(counts, other_counts)
    assert sums.num_frames == counts.sum() == small_corpus.store.num_frames


def test_utterances_without_an_alignment_are_left_out(small_corpus: AlignmentCorpus) -> None:
    model, alignments = aligned_uniformly(small_corpus)
    alignments[0] = None
    sums, _ = small_corpus.accumulate(model, alignments)
    assert sums.num_frames == small_corpus.store.num_frames - len(small_corpus.store.features(0))


def test_an_update_follows_its_plan_and_is_reported(small_corpus: AlignmentCorpus) -> None:
    model, alignments = aligned_uniformly(small_corpus)
    alignments[3] = None
    plan = UpdatePlan("stage", 7, model.mixtures.num_gaussians + 5, 0.25, UpdateOptions())
    updated = small_corpus.update(model, alignments, plan, AlignmentPass(alignments, num_retried=2))
    assert updated.mixtures.num_gaussians == model.mixtures.num_gaussians + 5
    (report,) = small_corpus.reports
    assert (report.stage, report.iteration, report.num_gaussians) == ("stage", 7, updated.mixtures.num_gaussians)
    assert (report.realigned, report.num_retried, report.num_failed) == (True, 2, 1)
    assert not np.array_equal(updated.transitions.log_probs, model.transitions.log_probs)


def test_every_utterance_is_aligned(small_corpus: AlignmentCorpus) -> None:
    model, alignments = aligned_uniformly(small_corpus)
    plan = UpdatePlan("stage", 0, model.mixtures.num_gaussians, 0.25, UpdateOptions())
    model = small_corpus.update(model, alignments, plan)
    graphs = small_corpus.graphs(model.tree, model.transitions)
    aligned = small_corpus.align(model, graphs, AlignmentBeams(50.0, 200.0))
    lengths = [0 if alignment is None else len(alignment) for alignment in aligned.alignments]
    assert lengths == [len(small_corpus.store.features(index)) for index in range(len(small_corpus.store))]
