"""Exchanging grammars during the search, against graphs that were compiled with the new grammar."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.decoding.config import DecoderConfig
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.decoding.streaming import StreamingDecoder
from blasr.errors import MismatchError
from blasr.graph.grammar import arpa_to_fst
from blasr.graph.hclg import compile_decoding_graph
from blasr.graph.lang import Lang
from blasr.hmm.tree import read_tree
from blasr.io.fst import Fst, read_fst
from blasr.lattices.config import CostScales, DeterminizationConfig
from blasr.lattices.determinization import determinize_lattice
from blasr.lattices.lattice import Lattice
from blasr.lattices.nbest import n_best
from blasr.lm.arpa import write_arpa
from blasr.lm.backoff_grammar import LmDifference, exchange_word, lay_out_grammar, next_word
from blasr.lm.kneser_ney import estimate_kneser_ney
from tests.decoding.test_lattice_decoder import TID_TO_PDF, Arc, graphs, make_graph
from tests.golden_system import GoldenSystem
from tests.lattices.test_rescoring import BACKOFF, BIGRAM

LOOP = Fst.from_arcs(0, [0.5], [0, 0], [1, 2], [1, 2], [1.0, 2.0], [0, 0])
DIFFERENCE = LmDifference(lay_out_grammar(LOOP), lay_out_grammar(BIGRAM, BACKOFF))
ARRAYS = ("offsets", "ilabel", "olabel", "nextstate", "graph_cost", "acoustic_cost", "final_graph_cost")


@pytest.fixture(scope="module")
def trigram(system: GoldenSystem, tmp_path_factory: pytest.TempPathFactory) -> Fst:
    """G of a trigram model of random digit strings, in which the next digit is the most likely one."""
    random = np.random.default_rng(5)
    digits = np.unique(read_fst(system.folder / "lang" / "G.fst").ilabel).tolist()
    sentences = []
    for _ in range(300):
        steps = random.choice([1, 2, 3, 7], size=random.integers(1, 8), p=[0.6, 0.2, 0.1, 0.1])
        sentences.append([system.words.symbol_of(digits[i % len(digits)]) for i in np.cumsum(steps)])
    path = tmp_path_factory.mktemp("trigram") / "lm.arpa"
    write_arpa(estimate_kneser_ney(sentences, 3, unknown=None).model, path)
    return arpa_to_fst(path, system.words)


def without_backoff(grammar: Fst, backoff: int) -> Fst:
    """The same costs with an arc for every word in every state, so that backing off is never cheaper."""
    laid_out = lay_out_grammar(grammar, backoff)
    arcs = []
    for state in range(grammar.num_states):
        for word in np.unique(laid_out.words).tolist():
            arcs.append((state, word, *next_word(laid_out, state, word)))
    source, words, costs, targets = zip(*arcs, strict=True)
    return Fst.from_arcs(grammar.start, laid_out.final, source, words, words, costs, targets)


@pytest.fixture(scope="module")
def decoders(system: GoldenSystem, trigram: Fst) -> tuple[LatticeDecoder, LatticeDecoder]:
    """A decoder with a graph of the trigram model, and one with Kaldi's graph of a digit loop and both grammars."""
    backoff = system.words.id_of("#0")
    model = system.transition_model
    lang, tree = Lang.read(system.folder / "lang"), read_tree(system.folder / "tree")
    graph = compile_decoding_graph(lang, tree, model, without_backoff(trigram, backoff)).fst
    loop = lay_out_grammar(read_fst(system.folder / "lang" / "G.fst"))
    difference = LmDifference(loop, lay_out_grammar(trigram, backoff))
    config = DecoderConfig(beam=25)
    return LatticeDecoder(graph, model.tid_to_pdf, config), LatticeDecoder(
        system.graph, model.tid_to_pdf, config, difference
    )


def cost_of(lattice: Lattice) -> float:
    path = lattice.best_path(CostScales(acoustic_scale=0.1))
    return path.graph_cost + 0.1 * path.acoustic_cost


def near_the_best(lattice: Lattice) -> dict[tuple[int, ...], float]:
    """The word sequences of a lattice, and how much more each costs than the best one; its beam is 6."""
    compact = determinize_lattice(lattice, DeterminizationConfig(6.0, 0.1)).lattice
    paths = n_best(compact, 1000)
    costs = {tuple(path.words.tolist()): path.graph_cost + 0.1 * path.acoustic_cost for path in paths}
    return {words: cost - min(costs.values()) for words, cost in costs.items()}


def test_the_golden_strings(system: GoldenSystem, decoders: tuple[LatticeDecoder, LatticeDecoder]) -> None:
    """Words and cost (to 1e-3 per frame) equal those of the static graph, and differ from those of the digit loop.

    So do, for some utterances, all word sequences that cost at most 5 more than the best one, to 0.05.
    """
    changed = 0
    for number, (utterance, loglikes) in enumerate(system.loglikes.items()):
        static, dynamic = (decoder.decode(loglikes, utterance=utterance) for decoder in decoders)
        assert dynamic.reached_final
        words = dynamic.best_path().words.tolist()
        assert words == static.best_path().words.tolist()
        assert cost_of(dynamic) == pytest.approx(cost_of(static), abs=1e-3 * len(loglikes))
        changed += words != system.lattices[utterance].best_path().words.tolist()
        if number % 6 == 0:
            one, other = near_the_best(static), near_the_best(dynamic)
            assert all(abs(cost - other[words]) < 0.05 for words, cost in one.items() if cost < 5)
            assert all(abs(cost - one[words]) < 0.05 for words, cost in other.items() if cost < 5)
    assert changed > 5


def test_streams_exchange_grammars_too(system: GoldenSystem, decoders: tuple[LatticeDecoder, LatticeDecoder]) -> None:
    loglikes = next(iter(system.loglikes.values()))
    stream = StreamingDecoder(decoders[1])
    for begin in range(0, len(loglikes), 37):
        stream.accept(loglikes[begin : begin + 37])
    offline, lattice = decoders[1].decode(loglikes), stream.finish()
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(lattice, name), getattr(offline, name))


def composed(graph: Fst, difference: LmDifference) -> Fst:
    """The graph with the new grammar's costs instead of the old one's, built state by state."""
    start = (int(graph.start), difference.old.start, difference.new.start)
    numbers, arcs, final = {start: 0}, list[Arc](), dict[int, float]()
    states = [start]
    for state, old, new in states:  # grows on the way
        source = numbers[state, old, new]
        taken = difference.old.final[old]
        final[source] = float(graph.final[state] + difference.new.final[new] - taken) if taken < np.inf else np.inf
        for arc in range(graph.offsets[state], graph.offsets[state + 1]):
            word = int(graph.olabel[arc])
            added, *histories = exchange_word(difference, old, new, word) if word else (0.0, old, new)
            if added == np.inf:
                continue
            target = (int(graph.nextstate[arc]), histories[0], histories[1])
            if target not in numbers:
                numbers[target] = len(states)
                states.append(target)
            arcs.append((source, int(graph.ilabel[arc]), word, numbers[target], float(graph.weight[arc] + added)))
    return make_graph(arcs, final, len(states))


@given(graph=graphs(), num_frames=st.integers(1, 8), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=100)
def test_random_graphs(graph: Fst, num_frames: int, seed: int) -> None:
    """Without look-ahead, the lattice has the size and the cost of the composed graph's lattice."""
    loglikes = np.random.default_rng(seed).normal(-5, 4, (num_frames, 3)).astype(np.float32)
    config = DecoderConfig(beam=8.0, lattice_beam=4.0, min_active=0, acoustic_scale=0.7, prune_interval=2)
    difference = DIFFERENCE if graph.olabel.any() else None
    found = LatticeDecoder(graph, TID_TO_PDF, config, difference, look_ahead=False).decode(loglikes)
    composition = composed(graph, DIFFERENCE) if graph.olabel.any() else graph
    expected = LatticeDecoder(composition, TID_TO_PDF, config).decode(loglikes)
    assert (found.num_states, found.num_arcs) == (expected.num_states, expected.num_arcs)
    assert found.reached_final == expected.reached_final
    if found.num_states:
        assert cost_of(found) == pytest.approx(cost_of(expected), abs=1e-4)
        assert found.best_path().words.tolist() == expected.best_path().words.tolist()


def random_grammar(random: np.random.Generator, num_words: int) -> Fst:
    """A bigram model with few bigrams: state 0 starts, word w leads to state w, the last state has the unigrams."""
    root = num_words + 1
    arcs: list[Arc] = [(root, word, word, word, float(random.uniform(2, 4))) for word in range(1, num_words + 1)]
    for state in range(root):
        arcs.append((state, BACKOFF + num_words, 0, root, float(random.uniform(0, 1))))
        followers = random.choice(num_words, 3, replace=False) + 1
        arcs += [(state, word, word, word, float(random.uniform(0, 2))) for word in followers.tolist()]
    return make_graph(arcs, {root: 1.0, 2: 0.5}, root + 1)


def test_tables_of_many_tokens() -> None:
    """With thousands of tokens per frame, over emitting and epsilon arcs, the lattice is still the composed graph's."""
    random = np.random.default_rng(11)
    num_states, num_words = 150, 40
    arcs: list[Arc] = []
    for state in range(num_states):
        for target in random.integers(0, num_states, 4).tolist():
            word = int(random.integers(1, num_words + 1)) if random.random() < 0.5 else 0
            arcs.append((state, int(random.integers(1, 5)), word, target, float(random.uniform(0, 1))))
        if state < num_states - 1:
            above = int(random.integers(state + 1, num_states))
            arcs.append((state, 0, int(random.integers(1, num_words + 1)), above, float(random.uniform(0, 1))))
    graph = make_graph(arcs, {0: 0.0, 7: 1.0}, num_states)
    old = Fst.from_arcs(0, [0.0], [0] * 40, range(1, 41), range(1, 41), [1.0] * 40, [0] * 40)
    difference = LmDifference(
        lay_out_grammar(old), lay_out_grammar(random_grammar(random, num_words), BACKOFF + num_words)
    )
    config = DecoderConfig(beam=30.0, lattice_beam=2.0, max_active=10**6, acoustic_scale=0.3, prune_interval=5)
    loglikes = random.normal(-5, 4, (12, 3)).astype(np.float32)
    composition = composed(graph, difference)
    found = LatticeDecoder(graph, TID_TO_PDF, config, difference, look_ahead=False).decode(loglikes)
    expected = LatticeDecoder(composition, TID_TO_PDF, config).decode(loglikes)
    assert composition.num_states > 4096
    assert (found.num_states, found.num_arcs) == (expected.num_states, expected.num_arcs)
    assert cost_of(found) == pytest.approx(cost_of(expected), abs=1e-4)


def test_words_that_the_new_grammar_lacks_are_not_found() -> None:
    """The new grammar lacks word 1, which would be cheaper; the costs are those of the new grammar."""
    graph = make_graph([(0, 1, 1, 1, 0.0), (0, 1, 2, 1, 5.0), (1, 2, 0, 1, 0.0)], {1: 0.25}, 2)
    only = Fst.from_arcs(0, [1.0], [0], [2], [2], [3.0], [0])
    difference = LmDifference(lay_out_grammar(LOOP), lay_out_grammar(only))
    lattice = LatticeDecoder(graph, TID_TO_PDF, None, difference).decode(np.zeros((2, 3), np.float32))
    path = lattice.best_path()
    assert path.words.tolist() == [2]
    assert path.graph_cost == pytest.approx(5.0 - 2.0 + 3.0 + 0.25 - 0.5 + 1.0)


def test_grammars_of_other_words_are_refused() -> None:
    graph = make_graph([(0, 1, 3, 0, 0.0), (0, 1, 1, 0, 0.0)], {0: 0.0}, 1)
    with pytest.raises(MismatchError, match=r"1 words of the graph are not in the old .* word-id 3"):
        LatticeDecoder(graph, TID_TO_PDF, None, DIFFERENCE)
    other = lay_out_grammar(Fst.from_arcs(0, [0.0], [0], [7], [7], [0.0], [0]))
    own = lay_out_grammar(Fst.from_arcs(0, [0.0], [0, 0], [1, 3], [1, 3], [0.0, 0.0], [0, 0]))
    with pytest.raises(MismatchError, match="new grammar has none of the graph's words"):
        LatticeDecoder(graph, TID_TO_PDF, None, LmDifference(own, other))
