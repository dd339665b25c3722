"""Perplexity, computed by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.lm.arpa import read_arpa
from blasr.lm.perplexity import measure_perplexity

ARPA = """\\data\\
ngram 1=5
ngram 2=2

\\1-grams:
-99 <s> -0.3
-1 </s>
-0.5 a -0.2
-0.75 b
-2 <unk>

\\2-grams:
-0.25 <s> a
-0.125 a b

\\end\\
"""


def test_unknown_words_are_counted_and_not_scored(tmp_path: Path) -> None:
    (tmp_path / "lm.arpa").write_text(ARPA)
    found = measure_perplexity(read_arpa(tmp_path / "lm.arpa"), [["a", "b"], ["x", "a", "x", "y"]])
    assert (found.num_sentences, found.num_words) == (2, 6)
    assert found.unknown_words == {"x": 2, "y": 1}
    known = -0.25 - 0.125 - 1.0 - 0.5 - 1.0
    assert found.log_prob == pytest.approx(known)
    assert found.unknown_log_prob == pytest.approx(-2.3 - 2.2 - 2.0)
    assert found.perplexity == pytest.approx(10 ** (-known / 5))
    assert found.word_perplexity == pytest.approx(10 ** (-known / 3))
    assert found.open_perplexity == pytest.approx(10 ** (-(known - 6.5) / 8))


def test_without_an_unknown_word_the_context_starts_after_unknown_words(tmp_path: Path) -> None:
    (tmp_path / "lm.arpa").write_text(ARPA.replace("<unk>", "c"))
    found = measure_perplexity(read_arpa(tmp_path / "lm.arpa"), [["a", "x", "b"]])
    assert found.log_prob == pytest.approx(-0.25 - 0.75 - 1.0)
    assert found.open_perplexity is None
    (tmp_path / "lm.arpa").write_text(ARPA.replace("-0.75 b", "-99 b").replace("a b", "a a"))
    assert measure_perplexity(read_arpa(tmp_path / "lm.arpa"), [["b"]]).unknown_words == {"b": 1}


def test_an_empty_text_has_no_perplexity(tmp_path: Path) -> None:
    (tmp_path / "lm.arpa").write_text(ARPA)
    found = measure_perplexity(read_arpa(tmp_path / "lm.arpa"), [])
    assert found.perplexity != found.perplexity  # not a number
