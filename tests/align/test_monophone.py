from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from blasr.align.gmm_stage import AlignmentCorpus
from blasr.align.monophone import initial_model, train_monophone, uniform_alignments
from blasr.errors import DataError
from blasr.units import IntArray


def test_every_pdf_starts_with_the_moments_of_the_corpus(small_corpus: AlignmentCorpus) -> None:
    model = initial_model(small_corpus)
    assert model.tree.num_pdfs == model.mixtures.num_gaussians == 2 * 5 + 4 * 3
    frames = small_corpus.store.frames.astype(np.float64)
    for pdf in (0, 21):
        np.testing.assert_allclose(model.mixtures.means[pdf], frames.mean(axis=0), atol=1e-4)
        np.testing.assert_allclose(model.mixtures.variances[pdf], frames.var(axis=0), rtol=1e-4)


def as_lists(alignments: list[IntArray | None]) -> list[list[int] | None]:
    return [None if alignment is None else alignment.tolist() for alignment in alignments]


def test_uniform_alignments_depend_on_the_seed_only(small_corpus: AlignmentCorpus) -> None:
    model = initial_model(small_corpus)
    graphs = small_corpus.graphs(model.tree, model.transitions)
    alignments = uniform_alignments(small_corpus, graphs)
    for index, alignment in enumerate(alignments):
        assert alignment is not None
        assert len(alignment) == len(small_corpus.store.features(index))
    assert as_lists(uniform_alignments(small_corpus, graphs)) == as_lists(alignments)
    other_seed = replace(small_corpus, config=replace(small_corpus.config, seed=1))
    assert as_lists(uniform_alignments(other_seed, graphs)) != as_lists(alignments)


def test_training_improves_the_likelihood(small_corpus: AlignmentCorpus) -> None:
    model, aligned = train_monophone(small_corpus)
    assert aligned.num_failed == 0
    assert [report.iteration for report in small_corpus.reports] == [0, 1, 2, 3]
    values = [report.average_log_likelihood for report in small_corpus.reports]
    assert values[-1] > values[0]
    assert model.occupancies.sum() == small_corpus.store.num_frames


def test_too_many_short_utterances_are_refused_before_training(small_corpus: AlignmentCorpus) -> None:
    store = small_corpus.store
    store.utterances = [replace(utterance, words=("CDA",) * 60) for utterance in store.utterances]
    with pytest.raises(DataError, match="10 too short for its words"):
        train_monophone(small_corpus)
    assert small_corpus.reports == []
