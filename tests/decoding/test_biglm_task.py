"""Exchanging grammars on a synthetic task with triphones: a graph of unigrams decodes as one of bigrams does."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.decoder_task import make_task
from blasr.decoding.config import DecoderConfig
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.graph.hclg import compile_decoding_graph
from blasr.lm.backoff_grammar import LmDifference, lay_out_grammar


@pytest.mark.parametrize("num_words", [200, pytest.param(5000, marks=pytest.mark.slow)])
def test_same_words_at_the_same_cost(tmp_path: Path, num_words: int) -> None:
    """Best paths have the same words; costs agree to 1e-3 per frame. The beam is wide, since words' costs come later
    than in a graph of bigrams."""
    task = make_task(tmp_path, num_words, num_utterances=4, noise=1.5, seed=1)
    backoff = task.lang.words.id_of("#0")
    difference = LmDifference(*(lay_out_grammar(grammar, backoff) for grammar in (task.unigram, task.grammar)))
    small = compile_decoding_graph(task.lang, task.tree, task.model, task.unigram).fst
    assert small.num_arcs < task.graph.num_arcs
    config = DecoderConfig(beam=16.0, max_active=20000)
    static = LatticeDecoder(task.graph, task.model.tid_to_pdf, config)
    dynamic = LatticeDecoder(small, task.model.tid_to_pdf, config, difference)
    for utterance, loglikes in task.loglikes.items():
        one, other = (decoder.decode(loglikes, utterance=utterance).best_path() for decoder in (static, dynamic))
        assert other.words.tolist() == one.words.tolist()
        costs = [path.graph_cost + 0.1 * path.acoustic_cost for path in (one, other)]
        assert costs[1] == pytest.approx(costs[0], abs=1e-3 * len(loglikes))
