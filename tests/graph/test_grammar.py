from __future__ import annotations

import gzip
import math
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError, FormatError, MismatchError
from blasr.graph.grammar import arpa_to_fst, read_grammar, read_language_model, unigram_loop
from blasr.io.fst import Fst, read_fst, write_fst
from blasr.lm.arpa import write_arpa as write_model
from blasr.lm.witten_bell import WittenBell
from tests.graph.systems import System, best_way

DIGITS = ["ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE"]
ARPA = """
\\data\\
ngram 1=5
ngram 2=3

\\1-grams:
-1.0\t<s>\t-0.3
-1.0\t</s>
-0.7\tONE\t-0.2
-0.7\tTWO\t-0.2
-0.9\tELEVEN

\\2-grams:
-0.4\t<s> ONE
-0.4\tONE TWO
-0.4\tONE ELEVEN

\\end\\
"""


def write_arpa(folder: Path, text: str = ARPA) -> Path:
    path = folder / "lm.arpa"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_digit_loop_equals_kaldis(kaldi: System, tri1: Path) -> None:
    theirs, ours = read_fst(tri1 / "lang" / "G.fst"), unigram_loop(kaldi.lang.words, DIGITS)
    for name in ("offsets", "ilabel", "olabel", "nextstate"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    np.testing.assert_allclose(ours.weight, theirs.weight, atol=1e-5)  # the file has four digits
    np.testing.assert_allclose(ours.final, theirs.final, atol=1e-5)


def test_the_loop_of_all_words_contains_only_words(kaldi: System) -> None:
    everything = unigram_loop(kaldi.lang.words)
    assert everything.ilabel.tolist() == list(range(1, 12))
    assert list(kaldi.lang.spoken_words) == ["<UNK>", *sorted(DIGITS)]
    with pytest.raises(DataError, match="at least one word"):
        unigram_loop(kaldi.lang.words, [])
    with pytest.raises(DataError, match="ELEVEN"):
        unigram_loop(kaldi.lang.words, ["ELEVEN"])
    for symbol in ("<eps>", "#0"):
        with pytest.raises(DataError, match=f"'{symbol}' is not a word"):
            unigram_loop(kaldi.lang.words, ["ONE", symbol])


def test_a_grammar_has_the_probabilities_of_its_model(kaldi: System, tmp_path: Path) -> None:
    text = [["ONE", "TWO", "ONE"], ["TWO", "THREE"], ["ONE", "TWO"]]
    for order in (1, 2, 3):
        model = WittenBell(text, order)
        write_model(model.model(), tmp_path / "lm.arpa")
        grammar = arpa_to_fst(tmp_path / "lm.arpa", kaldi.lang.words)
        assert (np.diff(grammar.ilabel)[np.diff(grammar.sources) == 0] >= 0).all()
        backoff = kaldi.lang.words.id_of("#0")
        free = Fst(**{**grammar.__dict__, "ilabel": np.where(grammar.ilabel == backoff, 0, grammar.ilabel)})
        for sentence in text:  # all n-grams were seen, so backing off is never cheaper
            way = best_way(free, [kaldi.lang.words.id_of(word) for word in sentence])
            words = ["<s>", *sentence, "</s>"]
            expected = -sum(math.log(model.probability(words[i], tuple(words[:i]))) for i in range(1, len(words)))
            assert way is not None
            assert way.cost == pytest.approx(expected, abs=1e-4)


def test_missing_words_are_named_or_left_out(kaldi: System, tmp_path: Path) -> None:
    path = write_arpa(tmp_path)
    with pytest.raises(DataError, match=r"lm.arpa: 1 of 3 words of the language model .*: ELEVEN"):
        arpa_to_fst(path, kaldi.lang.words)
    grammar = arpa_to_fst(path, kaldi.lang.words, missing_words="drop")
    one, two, backoff = (kaldi.lang.words.id_of(word) for word in ("ONE", "TWO", "#0"))
    assert set(grammar.ilabel.tolist()) == {one, two, backoff}  # TWO only backs off, which is part of the arc into it
    way = best_way(grammar, [one, two])
    assert way is not None
    assert way.cost == pytest.approx((0.4 + 0.4 + 0.2 + 1.0) * math.log(10), abs=1e-4)


def test_the_unknown_word_of_a_model_needs_no_pronunciation(kaldi: System, tmp_path: Path) -> None:
    path = write_arpa(tmp_path, ARPA.replace("ELEVEN", "<unk>"))
    assert arpa_to_fst(path, kaldi.lang.words).num_arcs


def test_gzipped_models(kaldi: System, tmp_path: Path) -> None:
    plain = arpa_to_fst(write_arpa(tmp_path), kaldi.lang.words, missing_words="drop")
    (tmp_path / "lm.arpa.gz").write_bytes(gzip.compress(ARPA.encode()))
    zipped = arpa_to_fst(tmp_path / "lm.arpa.gz", kaldi.lang.words, missing_words="drop")
    np.testing.assert_array_equal(zipped.weight, plain.weight)
    (tmp_path / "cut.arpa.gz").write_bytes(gzip.compress(ARPA.encode())[:40])
    with pytest.raises(FormatError, match=r"cut.arpa.gz: .*cannot be read"):
        arpa_to_fst(tmp_path / "cut.arpa.gz", kaldi.lang.words)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("-0.4\tONE TWO", "x\tONE TWO", r"lm.arpa:15: not an ARPA language model: .*logprob"),
        ("\\2-grams:", "\\3-grams:", r"lm.arpa:13: not an ARPA language model"),
        ("\\1-grams:", "", r"lm.arpa:7: .*expected"),
        ("\\data\\", "", "not an ARPA language model"),
    ],
)
def test_errors_in_a_model_name_the_line(
    kaldi: System, tmp_path: Path, capfd: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    path = write_arpa(tmp_path, ARPA.replace(old, new))
    with pytest.raises(FormatError, match=message):
        arpa_to_fst(path, kaldi.lang.words, missing_words="drop")
    assert capfd.readouterr() == ("", "")


def test_a_model_without_words_of_the_lexicon_is_refused(kaldi: System, tmp_path: Path) -> None:
    path = write_arpa(tmp_path, ARPA.lower())
    with pytest.raises(DataError, match="none of the 3 words"):
        arpa_to_fst(path, kaldi.lang.words, missing_words="drop")
    with pytest.raises(FormatError, match="cannot be read"):
        arpa_to_fst(tmp_path / "absent.arpa", kaldi.lang.words)


def test_a_grammar_file_is_checked(kaldi: System, tri1: Path, tmp_path: Path) -> None:
    assert read_grammar(tri1 / "lang" / "G.fst", kaldi.lang).num_arcs == 10
    for fst, message in (
        (Fst.from_arcs(0, [0.0], [0], [99], [99], [0.0], [0]), r"bad.fst: .*1 labels .*: 99 \(not in words.txt\)"),
        (Fst.from_arcs(0, [0.0], [0], [13], [13], [0.0], [0]), r"13 \(<s>\)"),
        (Fst.from_arcs(0, [np.inf], [0], [2], [2], [0.0], [0]), "no final state"),
    ):
        write_fst(fst, tmp_path / "bad.fst")
        with pytest.raises(MismatchError, match=message):
            read_grammar(tmp_path / "bad.fst", kaldi.lang)


def test_a_language_model_is_a_grammar_or_an_arpa_file(kaldi: System, tri1: Path, tmp_path: Path) -> None:
    words = kaldi.lang.words
    grammar, backoff = read_language_model(tri1 / "lang" / "G.fst", words)
    assert (grammar.num_arcs, backoff) == (10, words.id_of("#0"))
    grammar, _ = read_language_model(write_arpa(tmp_path), words)
    np.testing.assert_array_equal(grammar.weight, arpa_to_fst(tmp_path / "lm.arpa", words, missing_words="drop").weight)
    write_fst(Fst.from_arcs(0, [0.0], [0], [99], [99], [0.0], [0]), tmp_path / "bad.fst")
    with pytest.raises(MismatchError, match=r"bad.fst: the largest word-id is 99, that of .* is 14"):
        read_language_model(tmp_path / "bad.fst", words)
