from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.graph.arpa_grammar import grammar_of
from blasr.io.symbols import SymbolTable
from blasr.lm.arpa import read_arpa

WORDS = SymbolTable.from_symbols(["A", "B", "#0", "<s>", "</s>"])
ARPA = """\\data\\
ngram 1=4
ngram 2=2

\\1-grams:
-99\t<s>\t-0.3
-1.0\t</s>
-0.5\tA\t-0.2
-0.7\tB

\\2-grams:
-0.1\t<s> A
-0.4\tA </s>

\\end\\
"""


def test_arcs_of_a_small_bigram_model(tmp_path: Path) -> None:
    """States: the empty context, <s> and A. B has no context of its own, so its arcs lead to the empty context."""
    (tmp_path / "lm.arpa").write_text(ARPA)
    fst = grammar_of(read_arpa(tmp_path / "lm.arpa"), WORDS)
    columns = zip(fst.sources.tolist(), fst.ilabel.tolist(), fst.olabel.tolist(), fst.nextstate.tolist(), strict=True)
    costs = dict(zip(columns, (-fst.weight / math.log(10)).tolist(), strict=True))
    empty, start, after_a = 0, fst.start, 3 - fst.start
    a, b, backoff = (WORDS.id_of(word) for word in ("A", "B", "#0"))
    assert costs == pytest.approx(
        {
            (empty, a, a, after_a): -0.5,
            (empty, b, b, empty): -0.7,
            (start, a, a, after_a): -0.1,
            (start, backoff, 0, empty): -0.3,
            (after_a, backoff, 0, empty): -0.2,
        }
    )
    np.testing.assert_allclose(-fst.final[[empty, after_a]] / math.log(10), [-1.0, -0.4], rtol=1e-6)
    assert np.isinf(fst.final[start])


def test_ngrams_with_unknown_words_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "lm.arpa").write_text(ARPA.replace("B", "C"))
    fst = grammar_of(read_arpa(tmp_path / "lm.arpa"), WORDS)
    assert set(fst.olabel.tolist()) == {0, WORDS.id_of("A")}


def test_a_model_without_a_sentence_end_is_refused(tmp_path: Path) -> None:
    text = ARPA.replace("-1.0\t</s>\n", "").replace("-0.4\tA </s>", "-0.4\tA A").replace("1=4", "1=3")
    (tmp_path / "lm.arpa").write_text(text)
    with pytest.raises(DataError, match="has no </s>: no sentence can end"):
        grammar_of(read_arpa(tmp_path / "lm.arpa"), WORDS)
