"""The look-ahead against sums over words, and its effect: fewer search errors, the same costs in lattices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.decoding.config import DecoderConfig
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.decoding.look_ahead import ahead_of, make_exchange, mass
from blasr.io.fst import Fst
from blasr.lm.backoff_grammar import BackoffGrammar, LmDifference, lay_out_grammar, next_word
from tests.decoding.test_grammar_exchange import ARRAYS, DIFFERENCE, random_grammar
from tests.decoding.test_lattice_decoder import TID_TO_PDF, Arc, graphs, make_graph
from tests.decoding.test_reachable_words import found_words, words_of
from tests.lattices.test_rescoring import BACKOFF


def explicit_words(grammar: BackoffGrammar, state: int) -> set[int]:
    return set(grammar.words[grammar.offsets[state] : grammar.offsets[state + 1]].tolist())


def test_masses() -> None:
    """``P(R | h)`` is the sum of its words' probabilities, to 1e-6, for every history and class; so is the end's."""
    random = np.random.default_rng(2)
    num_words = 30
    arcs: list[Arc] = [
        (source, 1, int(random.integers(1, num_words + 1)) if random.random() < 0.5 else 0, target, 0.0)
        for source in range(40)
        for target in random.integers(0, 40, 3).tolist()
    ]
    arcs += [(40, 1, word, 0, 0.0) for word in range(1, num_words + 1)]
    graph = make_graph(arcs, {3: 0.0}, 41)
    old = Fst.from_arcs(0, [0.5], [0] * num_words, range(1, 31), range(1, 31), random.uniform(1, 5, 30), [0] * 30)
    difference = LmDifference(
        lay_out_grammar(old), lay_out_grammar(random_grammar(random, num_words), BACKOFF + num_words)
    )
    reachable = found_words(graph)
    exchange = make_exchange(difference, reachable).with_new_cache()
    ended = 0
    for number in range(len(reachable.may_end)):
        ended += bool(reachable.may_end[number])
        for state in range(num_words + 2):
            sums = []
            for grammar, history in ((difference.old, 0), (difference.new, state)):
                costs = [next_word(grammar, history, word)[0] for word in words_of(reachable, number)]
                end = np.exp(-grammar.final[history]) if reachable.may_end[number] else 0.0
                sums.append(np.exp(-np.array(costs)).sum() + end)
            found, rootward = mass(exchange.masses, number, state)
            assert found == pytest.approx(sums[1], abs=1e-6)
            ahead = np.log(sums[0] / sums[1])
            assert ahead_of(exchange, number, state) == pytest.approx(ahead, abs=1e-4)
            if rootward:  # the same but for the backoff cost
                assert state == num_words + 1 or not words_of(reachable, number) & explicit_words(difference.new, state)
                backoff = 0.0 if state == num_words + 1 else difference.new.backoff_cost[state]
                assert exchange.at_root[number] + backoff == pytest.approx(ahead, abs=1e-4)
    assert ended and len(reachable.may_end) > 10


@given(graph=graphs(), num_frames=st.integers(1, 8), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=60)
def test_costs_of_paths_do_not_contain_it(graph: Fst, num_frames: int, seed: int) -> None:
    """When no token is beyond the beam, the lattice is the same with and without look-ahead, bit for bit."""
    if not graph.olabel.any():
        return
    loglikes = np.random.default_rng(seed).normal(-5, 4, (num_frames, 3)).astype(np.float32)
    config = DecoderConfig(beam=1e4, lattice_beam=4.0, acoustic_scale=0.7, prune_interval=2)
    one, other = (
        LatticeDecoder(graph, TID_TO_PDF, config, DIFFERENCE, look_ahead=look_ahead).decode(loglikes)
        for look_ahead in (False, True)
    )
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_word_that_the_new_grammar_prefers_survives_its_prefix() -> None:
    """Word 2 sounds better by 2 per frame: after two frames, word 1 is beyond the beam of 3.

    The new grammar makes word 2 dearer by 11, on its third and last arc. Without look-ahead that is too late.
    """
    arcs: list[Arc] = [(0, 1, 0, 1, np.log(2)), (1, 1, 0, 2, 0.0), (2, 1, 1, 0, 0.0)]
    arcs += [(0, 2, 0, 3, np.log(2)), (3, 2, 0, 4, 0.0), (4, 2, 2, 0, 0.0)]
    graph = make_graph(arcs, {0: 0.0}, 5)
    old, new = (
        lay_out_grammar(Fst.from_arcs(0, [0.0], [0, 0], [1, 2], [1, 2], costs, [0, 0]))
        for costs in ([np.log(2)] * 2, [1.0, 12.0])
    )
    loglikes = np.tile(np.array([-4.0, -2.0, -9.0], np.float32), (3, 1))
    found = {}
    for beam, look_ahead in ((3.0, True), (3.0, False), (100.0, False)):
        config = DecoderConfig(beam=beam, min_active=0, acoustic_scale=1.0)
        decoder = LatticeDecoder(graph, TID_TO_PDF, config, LmDifference(old, new), look_ahead=look_ahead)
        path = decoder.decode(loglikes).best_path()
        found[beam, look_ahead] = path.words.tolist(), path.graph_cost
    assert {way: words for way, (words, _) in found.items()} == {
        (3.0, True): [1],
        (100.0, False): [1],
        (3.0, False): [2],
    }
    assert [cost for _, cost in found.values()] == pytest.approx([1.0, 12.0, 1.0])
