from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from blasr.align.config import TreeOptions
from blasr.align.feature_store import gmm_features
from blasr.align.phone_lists import PhoneLists
from blasr.align.questions import cluster_phones, compile_questions
from blasr.align.tree_building import Root, build_tree
from blasr.align.tree_stats import TreeStats, TreeStatsAccumulator, log_likelihood
from blasr.errors import DataError
from blasr.features.config import MfccConfig
from blasr.features.extraction import FeatureExtractor
from blasr.features.speaker_stats_collection import collect_speaker_stats
from blasr.hmm.phone_segments import Segmenter
from blasr.hmm.transition_model import read_transition_model
from blasr.hmm.tree import ContextDependency, read_tree
from blasr.io.kaldi.alignments import read_alignments

from .conftest import SPEAKERS, fsdd_data
from .triphones import CLASSES, PHONES, QUESTIONS, ROOTS, SILENCE, random_stats


def likelihood_of_leaves(stats: TreeStats, leaves: np.ndarray) -> float:
    return float(sum(log_likelihood(stats.moments[leaves == leaf].sum(axis=0)) for leaf in np.unique(leaves)))


@pytest.mark.parametrize("max_leaves", [4, 9, 20, 31])
def test_leaves_and_gain_without_clustering(max_leaves: int) -> None:
    stats = random_stats(1)
    tree, report = build_tree(
        stats, QUESTIONS, ROOTS, CLASSES, TreeOptions(max_leaves=max_leaves, split_threshold=1.0, cluster_threshold=0.0)
    )
    assert tree.num_pdfs == report.num_leaves == max_leaves == 4 + report.num_splits
    leaves = np.array(
        [tree.pdf_id(np.maximum(window, 0), c) for window, c in zip(stats.windows, stats.pdf_classes, strict=True)]
    )
    before = sum(log_likelihood(stats.moments[stats.central_phones == phone].sum(axis=0)) for phone in PHONES)
    assert likelihood_of_leaves(stats, leaves) - before == pytest.approx(report.gain, rel=1e-6)


def test_more_leaves_never_fit_less_well() -> None:
    stats = random_stats(2)
    gains = [
        build_tree(
            stats, QUESTIONS, ROOTS, CLASSES, TreeOptions(max_leaves=count, split_threshold=1.0, cluster_threshold=0.0)
        )[1].gain
        for count in range(4, 30, 3)
    ]
    assert gains == sorted(gains)


def test_every_window_has_a_leaf_and_every_leaf_a_window() -> None:
    tree, report = build_tree(
        random_stats(3), QUESTIONS, ROOTS, CLASSES, TreeOptions(max_leaves=40, split_threshold=1.0)
    )
    reached = {
        tree.pdf_id((left, central, right), pdf_class)
        for left, right in itertools.product((0, *PHONES), repeat=2)
        for central in PHONES
        for pdf_class in range(3)
    }
    assert reached == set(range(report.num_leaves))
    assert report.num_leaves == 40 - report.num_removed
    assert report.num_leaves % 8 == 0


def test_the_threshold_stops_splitting() -> None:
    stats = random_stats(4)
    _, all_splits = build_tree(
        stats, QUESTIONS, ROOTS, CLASSES, TreeOptions(max_leaves=0, split_threshold=300.0, cluster_threshold=0.0)
    )
    assert all_splits.smallest_split > 300.0
    _, none = build_tree(stats, QUESTIONS, ROOTS, CLASSES, TreeOptions(max_leaves=0, split_threshold=1e9))
    assert none.num_splits == 0
    assert none.num_leaves == 4


def test_each_merge_costs_at_most_the_smallest_split() -> None:
    stats = random_stats(5)
    _, report = build_tree(
        stats, QUESTIONS, ROOTS, CLASSES, TreeOptions(max_leaves=50, split_threshold=1.0, round_leaves=False)
    )
    assert report.loss_from_clustering <= report.num_removed * report.smallest_split + 1e-6


def test_roots_can_separate_states_and_share_phones() -> None:
    roots = [Root((1,), shared=False, split=False), Root((2, 3)), Root((4,), split=False)]
    tree, report = build_tree(
        random_stats(6),
        QUESTIONS,
        roots,
        CLASSES,
        TreeOptions(max_leaves=12, split_threshold=1.0, cluster_threshold=0.0),
    )
    assert report.num_leaves == 12
    assert [tree.pdf_id((0, 1, 4), pdf_class) for pdf_class in range(3)] == [0, 1, 2]
    of_four = {tree.pdf_id((a, 4, b), c) for a in PHONES for b in PHONES for c in range(3)}
    assert of_four == {4}


def test_silence_is_split_by_state_only() -> None:
    tree, _ = build_tree(
        random_stats(7),
        QUESTIONS,
        ROOTS,
        CLASSES,
        TreeOptions(max_leaves=40, split_threshold=1.0, cluster_threshold=0.0),
    )
    for pdf_class in range(3):
        assert len({tree.pdf_id((a, SILENCE, b), pdf_class) for a in PHONES for b in PHONES}) == 1


def test_a_phone_of_the_data_without_a_root_is_refused() -> None:
    with pytest.raises(DataError, match=r"phones \[4\], which are not in the roots"):
        build_tree(random_stats(8), QUESTIONS, ROOTS[:3], CLASSES, TreeOptions(max_leaves=10))


def test_phones_without_data_are_reported() -> None:
    tree, report = build_tree(
        random_stats(9),
        QUESTIONS,
        [*ROOTS, Root((5,))],
        {**CLASSES, 5: 3},
        TreeOptions(max_leaves=12, split_threshold=1.0),
    )
    assert report.unseen_phones == (5,)
    assert 0 <= tree.pdf_id((1, 5, 1), 0) < report.num_leaves


def test_kaldis_alignments_give_a_tree_as_good_as_kaldis(golden: Path, fsdd_dir: Path, tmp_path: Path) -> None:
    """The alignments come from the final tree, not from the monophones as in Kaldi, so the trees differ slightly."""
    folder = golden / "fsdd_tri1"
    data = fsdd_data(fsdd_dir, tmp_path / "data", SPEAKERS, range(5, 50))
    extractor = FeatureExtractor(MfccConfig(), data, collect_speaker_stats(MfccConfig(), data))
    alignments = dict(read_alignments(folder))
    transitions = read_transition_model(folder / "final.mdl")
    topology = transitions.topology
    lists = PhoneLists.read(folder / "lang", max(topology.phones))
    accumulator = TreeStatsAccumulator(max(topology.phones), lists.context_independent)
    batch = [(alignments[utterance.id], gmm_features(extractor, utterance)) for utterance in data.utterances]
    accumulator.add(Segmenter(transitions), batch)
    stats = accumulator.stats()
    questions = compile_questions([*cluster_phones(stats, lists.sets), *lists.extra_questions], 5)
    num_pdf_classes = {phone: topology.num_pdf_classes(phone) for phone in topology.phones}
    tree, report = build_tree(stats, questions, lists.roots, num_pdf_classes, TreeOptions(max_leaves=150))
    kaldis = read_tree(folder / "tree")
    assert report.num_leaves == tree.num_pdfs == kaldis.num_pdfs == 144
    assert report.unseen_phones == (2,)

    def likelihood(each: ContextDependency) -> float:
        events = zip(np.maximum(stats.windows, 0).tolist(), stats.pdf_classes.tolist(), strict=True)
        return likelihood_of_leaves(stats, np.array([each.pdf_id(window, pdf_class) for window, pdf_class in events]))

    assert likelihood(tree) == pytest.approx(likelihood(kaldis), rel=1e-4)
