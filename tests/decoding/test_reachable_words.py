"""Words that may come next, against a search from every state."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.decoding.reachable_words import ANY_WORD, MAX_INTERVALS, ReachableWords, reachable_words
from blasr.io.fst import Fst
from tests.decoding.test_lattice_decoder import Arc, make_graph


def found_words(graph: Fst) -> ReachableWords:
    offsets = np.ascontiguousarray(graph.offsets, np.int64)
    return reachable_words(int(graph.start), offsets, graph.olabel, graph.nextstate, graph.final.astype(np.float32))


def expected_words(graph: Fst, state: int) -> tuple[set[int], bool]:
    """The next words of a state, and whether the utterance may end before."""
    words, may_end, seen, pending = set[int](), False, {state}, [state]
    while pending:
        source = pending.pop()
        may_end |= bool(np.isfinite(graph.final[source]))
        for arc in range(graph.offsets[source], graph.offsets[source + 1]):
            if graph.olabel[arc]:
                words.add(int(graph.olabel[arc]))
            elif int(graph.nextstate[arc]) not in seen:
                seen.add(int(graph.nextstate[arc]))
                pending.append(int(graph.nextstate[arc]))
    return words, may_end


def words_of(reachable: ReachableWords, number: int) -> set[int]:
    intervals = range(reachable.offsets[number], reachable.offsets[number + 1])
    numbers = {n for i in intervals for n in range(reachable.begins[i], reachable.ends[i])}
    return {word for word, n in enumerate(reachable.order.tolist()) if n in numbers}


@given(seed=st.integers(0, 2**32 - 1), num_states=st.integers(1, 30), num_words=st.integers(1, 40))
@settings(deadline=None, max_examples=60)
def test_random_graphs(seed: int, num_states: int, num_words: int) -> None:
    """With cycles and dead ends; sets with too many intervals are widened, never narrowed."""
    random = np.random.default_rng(seed)
    arcs: list[Arc] = [
        (source, 1, int(random.integers(1, num_words + 1)) if random.random() < 0.4 else 0, target, 0.0)
        for source in range(num_states)
        for target in random.integers(0, num_states, random.integers(0, 4)).tolist()
    ]
    graph = make_graph(arcs, {num_states - 1: 0.0}, num_states)
    reachable = found_words(graph)
    everything = set(graph.olabel[graph.olabel > 0].tolist())
    assert sorted(reachable.order[sorted(everything)].tolist()) == list(range(1, len(everything) + 1))
    for state in range(num_states):
        words, may_end = expected_words(graph, state)
        number = int(reachable.state_class[state])
        if number == ANY_WORD:
            assert words == everything or (not words and not may_end)
            continue
        assert reachable.may_end[number] == may_end
        count = reachable.offsets[number + 1] - reachable.offsets[number]
        assert count <= MAX_INTERVALS
        assert words_of(reachable, number) >= words
        if count < MAX_INTERVALS:
            assert words_of(reachable, number) == words


def test_the_words_below_a_node_of_a_tree_are_one_interval() -> None:
    """Three levels of binary branches; the labels are in no order."""
    labels = np.random.default_rng(0).permutation(np.arange(1, 9)).tolist()
    arcs: list[Arc] = [(node, 1, 0, 2 * node + 1 + side, 0.0) for node in range(3) for side in range(2)]
    arcs += [(3 + leaf // 2, 1, labels[leaf], 0, 0.0) for leaf in range(8)]
    reachable = found_words(make_graph(arcs, {}, 7))
    assert reachable.state_class[0] == ANY_WORD
    assert np.diff(reachable.offsets).tolist() == [1] * len(reachable.may_end)
    sizes = [len(words_of(reachable, number)) for number in reachable.state_class[1:].tolist()]
    assert sizes == [4, 4, 2, 2, 2, 2]


def test_closing_the_smallest_gaps() -> None:
    """A state with 40 words whose numbers have gaps of 1, and of 10 after every fourth."""
    arcs: list[Arc] = [(0, 1, word, 0, 0.0) for word in range(1, 200)]
    chosen = [start + 2 * step for start in range(1, 181, 18) for step in range(4)]
    arcs += [(1, 1, word, 0, 0.0) for word in chosen]
    reachable = found_words(make_graph(arcs, {}, 2))
    number = int(reachable.state_class[1])
    intervals = slice(reachable.offsets[number], reachable.offsets[number + 1])
    assert len(reachable.begins[intervals]) == MAX_INTERVALS
    assert words_of(reachable, number) >= set(chosen)
    assert len(words_of(reachable, number)) <= 10 * 7
