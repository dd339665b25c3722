from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError, MismatchError
from blasr.graph import hclg
from blasr.graph.grammar import arpa_to_fst, unigram_loop
from blasr.graph.hclg import compile_decoding_graph, write_decoding_graph
from blasr.graph.lang import Lang
from blasr.graph.training_graph import TrainingGraphCompiler
from blasr.hmm.transition_model import TransitionModel
from blasr.io.fst import Fst, read_fst
from blasr.lm.arpa import write_arpa
from blasr.lm.witten_bell import WittenBell
from tests.graph.systems import System, best_way, make_system, random_inputs


def test_the_graph_equals_kaldis_state_by_state(kaldi: System, tri1: Path) -> None:
    """The same states, arcs and labels in the same order; costs agree within 1e-5 (single-precision sums)."""
    ours = compile_decoding_graph(kaldi.lang, kaldi.tree, kaldi.model, read_fst(tri1 / "lang" / "G.fst"))
    theirs = read_fst(tri1 / "HCLG.fst")
    assert ours.fst.start == theirs.start
    for name in ("offsets", "ilabel", "olabel", "nextstate"):
        np.testing.assert_array_equal(getattr(ours.fst, name), getattr(theirs, name), err_msg=name)
    np.testing.assert_allclose(ours.fst.weight, theirs.weight, atol=1e-5)
    np.testing.assert_allclose(ours.fst.final, theirs.final, atol=1e-5)
    assert ours.disambig.tolist() == [int(line) for line in (tri1 / "disambig_tid.int").read_text().split()]
    assert ours.num_pdfs == 144


QUANTIZATION = 0.03
"""Minimization rounds the cost of each arc to a multiple of 1/1024, as in Kaldi; this adds up over dozens of arcs."""
SENTENCES = [["A"], ["TWO"], ["TOOTH", "A"], ["EAT", "TO", "TEA"], ["<UNK>", "TOOTH", "A", "TWO"], []]


@pytest.mark.parametrize("sentence", SENTENCES, ids=" ".join)
def test_the_cost_of_a_sentence_equals_grammar_plus_training_graph(system: System, sentence: list[str]) -> None:
    """HCLG of all words and the graph of the transcript give costs that differ by the cost of the grammar."""
    words = list(system.lang.spoken_words)
    hclg = _loop_graph(system, tuple(words))
    compiler = TrainingGraphCompiler(system.lang, system.tree, system.model, transition_scale=1.0, self_loop_scale=0.1)
    transcript = compiler.compile(sentence)
    homophones = {"TO": "TWO"}
    grammar_cost = (len(sentence) + 1) * math.log(len(words) + 1)
    tried = 0
    for seed in range(6):
        inputs = random_inputs(transcript, 3 * 5 * (len(sentence) + 1) + seed, seed)
        if inputs is None:
            continue
        tried += 1
        alone, found = best_way(transcript, inputs), best_way(hclg, inputs)
        assert alone is not None and found is not None
        names = [system.lang.words.symbol_of(word) for word in found.outputs]
        assert [homophones.get(name, name) for name in names] == [homophones.get(name, name) for name in sentence]
        assert found.cost == pytest.approx(alone.cost + grammar_cost, abs=QUANTIZATION)
    assert tried


_GRAPHS: dict[int, Fst] = {}


def _loop_graph(system: System, words: tuple[str, ...]) -> Fst:
    if id(system) not in _GRAPHS:
        grammar = unigram_loop(system.lang.words, words)
        _GRAPHS[id(system)] = compile_decoding_graph(system.lang, system.tree, system.model, grammar).fst
    return _GRAPHS[id(system)]


def test_backoff_grammars_are_determinized(kaldi: System, tmp_path: Path) -> None:
    sentences = [["ONE", "TWO"], ["ONE", "THREE"], ["TWO", "ONE", "ONE"], ["ZERO"]]
    model = WittenBell(sentences, 2)
    write_arpa(model.model(), tmp_path / "lm.arpa")
    grammar = arpa_to_fst(tmp_path / "lm.arpa", kaldi.lang.words)
    hclg = compile_decoding_graph(kaldi.lang, kaldi.tree, kaldi.model, grammar).fst
    assert hclg.ilabel.max() <= kaldi.model.num_transition_ids
    compiler = TrainingGraphCompiler(kaldi.lang, kaldi.tree, kaldi.model, transition_scale=1.0, self_loop_scale=0.1)
    for sentence in (["ONE", "TWO"], ["ZERO", "THREE"]):
        transcript = compiler.compile(sentence)
        inputs = random_inputs(transcript, 80, 1)
        assert inputs is not None
        alone, found = best_way(transcript, inputs), best_way(hclg, inputs)
        assert alone is not None and found is not None
        history = ["<s>", *sentence]
        cost = -sum(
            math.log(model.probability(word, tuple(history[: index + 1])))
            for index, word in enumerate([*sentence, "</s>"])
        )
        assert found.cost == pytest.approx(alone.cost + cost, abs=QUANTIZATION)


@pytest.mark.slow
def test_a_grammar_that_cannot_be_determinized_is_refused(kaldi: System) -> None:
    one = kaldi.lang.words.id_of("ONE")
    arcs = [(0, 0.0, 1), (0, 0.0, 2), (1, 0.1, 1), (2, 0.9, 2)]  # two loops with different costs for the same words
    sources, weights, targets = zip(*arcs, strict=True)
    labels = [one] * len(arcs)
    grammar = Fst.from_arcs(0, [np.inf, 0.0, 0.0], sources, labels, labels, weights, targets)
    with pytest.raises(DataError, match="cannot be determinized: stopped after"):
        compile_decoding_graph(kaldi.lang, kaldi.tree, kaldi.model, grammar)


def test_the_files_beside_the_graph_equal_those_of_mkgraph(kaldi: System, tmp_path: Path) -> None:
    graph = compile_decoding_graph(kaldi.lang, kaldi.tree, kaldi.model, unigram_loop(kaldi.lang.words, ["ONE", "TWO"]))
    write_decoding_graph(graph, kaldi.lang, tmp_path / "graph" / "HCLG.fst")
    folder = tmp_path / "graph"
    assert read_fst(folder / "HCLG.fst").num_arcs == graph.fst.num_arcs
    assert (folder / "num_pdfs").read_text() == "144\n"
    assert (folder / "disambig_tid.int").read_text() == "323\n324\n"
    for name in ("words.txt", "phones.txt", "phones/silence.csl", "phones/align_lexicon.int"):
        assert (folder / name).read_bytes() == (kaldi.lang.path / name).read_bytes()


def test_no_graph_is_left_beside_the_words_of_another(
    kaldi: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = compile_decoding_graph(kaldi.lang, kaldi.tree, kaldi.model, unigram_loop(kaldi.lang.words, ["ONE"]))
    path = tmp_path / "HCLG.fst"
    path.write_text("an older graph")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(hclg, "write_fst", fail)
    with pytest.raises(OSError, match="disk full"):
        write_decoding_graph(graph, kaldi.lang, path)
    assert (tmp_path / "words.txt").is_file() and not path.exists()


def test_parts_that_do_not_belong_together_are_refused(kaldi: System, lang: Lang) -> None:
    grammar = unigram_loop(kaldi.lang.words, ["ONE"])
    other = make_system(kaldi.lang, 1, 0)
    with pytest.raises(MismatchError, match=r"has 67 pdfs, the model has 144"):
        compile_decoding_graph(kaldi.lang, other.tree, kaldi.model, grammar)
    swapped = {5: 6, 6: 5}
    rows = sorted((swapped.get(row[0], row[0]), *row[1:]) for row in kaldi.model.tuples.tolist())
    another = TransitionModel(kaldi.model.topology, np.array(rows))
    with pytest.raises(
        MismatchError,
        match=r"both have 144 pdfs, but belong to different trees: only the (tree|model) has pdf \d+ for phone 5",
    ):
        compile_decoding_graph(kaldi.lang, kaldi.tree, another, grammar)
    with pytest.raises(MismatchError, match=r"phones, the model has 21"):
        compile_decoding_graph(lang, kaldi.tree, kaldi.model, unigram_loop(lang.words))
    with pytest.raises(MismatchError, match=r"labels that are not words"):
        compile_decoding_graph(kaldi.lang, kaldi.tree, kaldi.model, unigram_loop(kaldi.lang.words, ["<s>"]))


def test_a_topology_of_another_lang_directory_is_refused(lang: Lang) -> None:
    system = make_system(lang, 1, 0)
    topology = type(lang.topology)(lang.topology.entries[::-1], dict.fromkeys(lang.topology.phones, 0) | {3: 1})
    changed = replace(lang, topology=topology)
    with pytest.raises(MismatchError, match="pdf-classes"):
        compile_decoding_graph(changed, system.tree, system.model, unigram_loop(lang.words, ["A"]))
