"""The denominator graph against the probabilities of its phone sequences and transitions."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.hmm import (
    ContextDependency,
    Segmenter,
    SplitEventMap,
    TableEventMap,
    TransitionModel,
    make_topology,
    read_transition_model,
    read_tree,
)
from blasr.hmm.event_map import ConstantEventMap, EventMap
from blasr.io import read_alignments
from blasr.sequence import PhoneCounts, PhoneLmConfig, SequenceGraph, build_denominator, estimate_phone_lm
from blasr.sequence.denominator import expand_phone_lm
from blasr.sequence.recursions import leaky, log_total
from blasr.units import IntArray

NUM_PHONES = 3


def triphone_system() -> tuple[TransitionModel, ContextDependency]:
    """Phones of two states each; the first pdf depends on the left neighbor and the last one on the right one."""
    numbers = itertools.count()

    def split(position: int) -> EventMap:
        return SplitEventMap(
            position, frozenset({0, 1}), ConstantEventMap(next(numbers)), ConstantEventMap(next(numbers))
        )

    roots = (None, *(TableEventMap(-1, (split(0), split(2))) for _ in range(NUM_PHONES)))
    tree = ContextDependency(3, 1, TableEventMap(1, roots))
    model = TransitionModel.from_tree(tree, make_topology([1, 2, 3], [], speech_states=2))
    counts = np.random.default_rng(0).uniform(5, 50, model.num_transition_ids + 1)
    return model.estimate(counts), tree


def windows(phones: tuple[int, ...]) -> list[tuple[int, ...]]:
    padded = (0, *phones, 0)
    return [padded[position : position + 3] for position in range(len(phones))]


def direct_probability(
    model: TransitionModel, tree: ContextDependency, sentences: list[list[int]], pdfs: list[int]
) -> float:
    """The probability of a sequence of pdfs: the sum over phones and durations, from the definition."""
    total = 0.0
    for sentence in sentences:
        states = []
        for window in windows(tuple(sentence)):
            for number in range(2):
                pdf = tree.pdf_id(window, number)
                first = int(model.first_transition_ids[model.transition_state(window[1], number, pdf)])
                probabilities = np.exp(model.log_probs[first : first + 2].astype(float))
                loop = probabilities[np.flatnonzero(model.is_self_loop(np.arange(first, first + 2)))[0]]
                states.append((pdf, float(loop)))
        for cuts in itertools.combinations(range(1, len(pdfs)), len(states) - 1):
            edges = [0, *cuts, len(pdfs)]
            weight = 1.0 / len(sentences)
            for (pdf, loop), begin, end in zip(states, edges[:-1], edges[1:], strict=True):
                weight *= loop ** (end - begin - 1) * (1 - loop) if pdfs[begin:end] == [pdf] * (end - begin) else 0.0
            total += weight
    return total


def graph_probability(graph: SequenceGraph, pdfs: list[int]) -> float:
    emissions = np.zeros((len(pdfs), graph.num_pdfs))
    emissions[np.arange(len(pdfs)), pdfs] = 1
    return float(np.exp(log_total(leaky(graph, 0.0), emissions)))


def test_probabilities_of_pdf_sequences() -> None:
    """With histories as long as the sentences, the phone language model has exactly the sentences, all as often."""
    model, tree = triphone_system()
    sentences = [[1, 2], [1, 3], [2, 1], [3]]
    counts = PhoneCounts(4, NUM_PHONES)
    for sentence in sentences:
        counts.add(np.array(sentence, np.int32))
    graph = expand_phone_lm(estimate_phone_lm(counts, PhoneLmConfig(4, 4)), model, tree)
    checked = 0.0
    for length in range(1, 6):
        for pdfs in itertools.product(graph.active_pdfs.tolist(), repeat=length):
            expected = direct_probability(model, tree, sentences, list(pdfs))
            assert graph_probability(graph, list(pdfs)) == pytest.approx(expected, rel=1e-3, abs=1e-9)
            checked += expected
    assert checked > 0.2


@pytest.mark.parametrize("config", [PhoneLmConfig(2, 2), PhoneLmConfig(), PhoneLmConfig(4, 2, 10)])
def test_a_graph_of_kaldi_alignments(golden: Path, config: PhoneLmConfig) -> None:
    folder = golden / "fsdd_tri1"
    model = read_transition_model(folder / "final.mdl")
    alignments = [alignment for _, alignment in itertools.islice(read_alignments(folder), 300)]
    graph = build_denominator(alignments, model, read_tree(folder / "tree"), config)
    sources = np.repeat(np.arange(graph.num_states), np.diff(graph.offsets))
    sums = np.bincount(sources, graph.probabilities, graph.num_states) + graph.final
    np.testing.assert_allclose(sums, 1, atol=1e-9)
    assert graph.initial.sum() == pytest.approx(1)
    assert graph.stationary.min() > 0
    for alignment in alignments:
        assert graph_probability(graph, model.pdf_ids(alignment).tolist()) > 0
    assert set(graph.active_pdfs.tolist()) >= {pdf for item in alignments for pdf in model.pdf_ids(item).tolist()}


def test_the_lexicon_of_a_denominator_is_learned(golden: Path) -> None:
    """Phone sequences that no utterance has are not in the graph."""
    folder = golden / "fsdd_tri1"
    model = read_transition_model(folder / "final.mdl")
    alignments = [alignment for _, alignment in itertools.islice(read_alignments(folder), 300)]
    segmenter = Segmenter(model)
    graph = build_denominator(alignments, model, read_tree(folder / "tree"), PhoneLmConfig(3, 3))
    pairs = {pair for item in alignments for pair in itertools.pairwise(segmenter.segments(item).phones.tolist())}
    first, second = alignments[0], alignments[-1]
    joined = np.concatenate([first, second])
    boundary = (int(segmenter.segments(first).phones[-1]), int(segmenter.segments(second).phones[0]))
    assert (graph_probability(graph, model.pdf_ids(joined).tolist()) > 0) == (boundary in pairs)


def test_an_alignment_of_another_model(golden: Path) -> None:
    folder = golden / "fsdd_tri1"
    model = read_transition_model(folder / "final.mdl")
    wrong: IntArray = np.array([model.num_transition_ids + 5], np.int32)
    with pytest.raises(DataError, match=r"final\.mdl"):
        build_denominator([wrong], model, read_tree(folder / "tree"), PhoneLmConfig())
