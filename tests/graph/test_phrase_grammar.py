"""Phrases one after the other, and nothing else."""

from __future__ import annotations

import logging
import math

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.graph.config import LangConfig
from blasr.graph.lang import Lang
from blasr.graph.lang_writing import make_lang
from blasr.graph.phrase_grammar import phrase_loop
from blasr.io.fst import Fst
from blasr.lexicon.pronunciations import Pronunciation

WORDS = ["ONE", "TWO", "THREE"]


@pytest.fixture(scope="module")
def lang(tmp_path_factory: pytest.TempPathFactory) -> Lang:
    lexicon = [Pronunciation(word, (word.lower(),)) for word in WORDS] + [Pronunciation("<UNK>", ("SPN",))]
    folder = tmp_path_factory.mktemp("lang") / "lang"
    return make_lang(lexicon, folder, LangConfig(silence_phones=["SIL", "SPN"], oov="<UNK>"))


def cost_of(grammar: Fst, words: str, lang: Lang) -> float:
    """The cost of a sentence, inf if the grammar does not have it; the grammar must be deterministic."""
    state, total = grammar.start, 0.0
    for word in words.split():
        begin, end = grammar.offsets[state : state + 2]
        (arcs,) = np.nonzero(grammar.ilabel[begin:end] == lang.words.id_of(word))
        assert len(arcs) <= 1, "not deterministic"
        if not len(arcs):
            return math.inf
        total += float(grammar.weight[begin + arcs[0]])
        state = int(grammar.nextstate[begin + arcs[0]])
    return total + float(grammar.final[state])


def test_phrases_that_begin_with_each_other(lang: Lang) -> None:
    grammar = phrase_loop(["ONE", "ONE TWO", "TWO THREE"], lang)
    for sentence in ("", "ONE", "ONE TWO", "ONE ONE TWO", "ONE TWO THREE", "ONE TWO TWO THREE", "TWO THREE ONE"):
        assert cost_of(grammar, sentence, lang) < math.inf, sentence
    for sentence in ("TWO", "THREE", "ONE THREE", "TWO ONE", "ONE TWO ONE THREE"):
        assert cost_of(grammar, sentence, lang) == math.inf, sentence


def test_what_may_come_next_is_equally_probable(lang: Lang) -> None:
    grammar = phrase_loop(["ONE", "TWO THREE"], lang)
    assert cost_of(grammar, "ONE", lang) == pytest.approx(2 * math.log(3))
    assert cost_of(grammar, "TWO THREE", lang) == pytest.approx(2 * math.log(3))
    for state in range(grammar.num_states):
        begin, end = grammar.offsets[state : state + 2]
        leaving = np.exp(-grammar.weight[begin:end]).sum() + np.exp(-grammar.final[state])
        assert leaving == pytest.approx(1.0)


def test_unknown_words(lang: Lang, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        grammar = phrase_loop(["ONE", "FOUR", "[unk]"], lang)
    assert "1 of 3 phrases have words that are not in the lexicon: FOUR" in caplog.text
    assert cost_of(grammar, "<UNK> ONE", lang) < math.inf
    for phrases in (["FOUR", "#0"], []):
        with pytest.raises(DataError):
            phrase_loop(phrases, lang)
