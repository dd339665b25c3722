from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest

from blasr.align.config import AlignmentBeams, AlignmentScales
from blasr.align.gmm_alignment import GmmAligner, TrainingGraphs
from blasr.align.gmm_training import Mixtures
from blasr.decoding.viterbi import force_align
from blasr.graph.training_graph import TrainingGraphCompiler, add_transition_costs
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import monophone_tree

from .conftest import ToneCorpus

DIMENSION = 4
WORDS = [("AB",), ("CDA", "AB"), ("AB",), ("BAD", "DA", "BC")]


class Setting:
    """A model of random Gaussians, and random frames."""

    def __init__(self, tones: ToneCorpus) -> None:
        random = np.random.default_rng(0)
        topology = tones.lang.topology
        classes = {phone: topology.num_pdf_classes(phone) for phone in topology.phones}
        self.tree = monophone_tree([[phone] for phone in topology.phones], classes)
        self.transitions = TransitionModel.from_tree(self.tree, topology)
        sizes = random.integers(1, 4, self.tree.num_pdfs)
        total = int(sizes.sum())
        self.mixtures = Mixtures(
            np.concatenate([[0], np.cumsum(sizes)]),
            np.repeat(1.0 / sizes, sizes),
            random.normal(size=(total, DIMENSION)),
            random.uniform(0.5, 1.5, size=(total, DIMENSION)),
        )
        self.graphs = TrainingGraphs(TrainingGraphCompiler(tones.lang, self.tree, self.transitions))
        self.features = [random.normal(size=(count, DIMENSION)).astype(np.float32) for count in (40, 60, 33, 90)]
        self.silence = np.arange(5, dtype=np.int32)

    def aligner(self, *, boost_silence: float = 1.0, beam: float = 200.0, retry_beam: float = 200.0) -> GmmAligner:
        return GmmAligner(
            self.graphs,
            self.transitions,
            self.mixtures,
            scales=AlignmentScales(),
            beams=AlignmentBeams(beam, retry_beam),
            silence_pdfs=self.silence,
            boost_silence=boost_silence,
        )


@pytest.fixture(scope="module")
def setting(tones: ToneCorpus) -> Setting:
    return Setting(tones)


def test_the_pdfs_of_a_graph_are_enough_to_find_its_path(setting: Setting) -> None:
    results = setting.aligner().align(WORDS, setting.features)
    for words, features, result in zip(WORDS, setting.features, results, strict=True):
        graph = add_transition_costs(setting.graphs.graph(words), setting.transitions)
        whole = force_align(
            graph, setting.mixtures.log_likelihoods(features), setting.transitions.tid_to_pdf, beam=200.0
        )
        assert result is not None
        assert whole is not None
        np.testing.assert_array_equal(result.transition_ids, whole.transition_ids)
        assert result.cost == pytest.approx(whole.cost, rel=1e-5)


def test_the_phones_of_the_words_follow_in_order(setting: Setting, tones: ToneCorpus) -> None:
    (result,) = setting.aligner().align(WORDS[3:], setting.features[3:])
    assert result is not None
    phones = setting.transitions.phones(result.transition_ids).tolist()
    names = [tones.lang.phones.symbol_of(phone) for phone, _ in groupby(phones)]
    assert [name for name in names if name != "SIL"] == ["B", "A", "D", "A", "B", "C"]


def test_boosted_silence_gets_more_frames(setting: Setting) -> None:
    shares = []
    for boost in (1.0, 1e6):
        results = setting.aligner(boost_silence=boost).align(WORDS, setting.features)
        pdfs = np.concatenate([setting.transitions.pdf_ids(r.transition_ids) for r in results if r is not None])
        shares.append(np.isin(pdfs, setting.silence).mean())
    assert shares[1] > shares[0]


def test_too_few_frames_have_no_alignment(setting: Setting) -> None:
    short = [features[:5] for features in setting.features]
    assert setting.aligner().align(WORDS, short) == [None] * 4


def test_graphs_are_kept_while_memory_allows(setting: Setting, tones: ToneCorpus) -> None:
    compiler = TrainingGraphCompiler(tones.lang, setting.tree, setting.transitions, cache_size=0)
    kept = TrainingGraphs(compiler)
    assert kept.graph(("AB",)) is kept.graph(("AB",))
    full = TrainingGraphs(compiler, max_arcs=1)
    first, second = full.graph(("AB",)), full.graph(("AB",))
    assert first is not second
    np.testing.assert_array_equal(first.ilabel, second.ilabel)
