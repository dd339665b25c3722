"""Reading and writing ARPA files, against kaldilm."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path

import kaldilm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import DataError, FormatError
from blasr.graph.arpa_grammar import grammar_of
from blasr.graph.grammar import arpa_to_fst
from blasr.io.fst import Fst, read_fst
from blasr.io.symbols import SymbolTable
from blasr.lm.arpa import read_arpa, write_arpa
from blasr.lm.backoff_model import BEGIN, END, BackoffModel
from blasr.lm.witten_bell import WittenBell
from tests.graph.systems import best_way

WORDS = ["a", "b", "c", "d"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS[:3]), max_size=6), min_size=1, max_size=8)
SYMBOLS = SymbolTable.from_symbols([*WORDS, "<UNK>", "#0", BEGIN, END])
ARPA = """
\\data\\
ngram 1=5
ngram 2=3

\\1-grams:
-1.0\t<s>\t-0.3
-1.0\t</s>
-0.7\ta\t-0.2
-0.7\tb\t-0.25
-0.9\tc

\\2-grams:
-0.4\t<s> a
-0.41\ta b
-0.42\ta c

\\end\\
"""


def written(folder: Path, text: str = ARPA) -> Path:
    path = folder / "lm.arpa"
    path.write_text(text, encoding="utf-8")
    return path


def estimated(folder: Path, text: list[list[str]], order: int) -> BackoffModel:
    write_arpa(WittenBell(text, order, WORDS).model(), folder / "lm.arpa")
    return read_arpa(folder / "lm.arpa")


def test_probabilities_with_and_without_backing_off(tmp_path: Path) -> None:
    model = read_arpa(written(tmp_path))
    assert model.words == (BEGIN, END, "a", "b", "c")
    assert model.num_ngrams == (5, 3)
    assert model.log_prob_of("b", ["a"]) == -0.41
    assert model.log_prob_of("a", ["b"]) == pytest.approx(-0.95)
    assert model.log_prob_of("b", [BEGIN]) == pytest.approx(-1.0)
    assert model.log_prob_of(END, ["a", "b", "c"]) == -1.0
    ids = np.array([model.ids.get(word, -1) for word in ["<s>", "a", "b", "</s>", "<s>", "x", "b"]], dtype=np.int32)
    expected = [0, -0.4, -0.41, -1.25, 0, -np.inf, -0.7]
    np.testing.assert_allclose(model.score_stream(ids), expected)


@settings(max_examples=12, deadline=None)
@given(TEXTS, st.integers(1, 4))
def test_a_model_written_and_read_again_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, text: list[list[str]], order: int
) -> None:
    folder = tmp_path_factory.mktemp("lm")
    model = estimated(folder, text, order)
    write_arpa(model, folder / "again.arpa.gz")
    again = read_arpa(folder / "again.arpa.gz")
    assert again.words == model.words
    for name in ("bounds", "parent", "word", "log_prob", "backoff"):
        np.testing.assert_array_equal(getattr(again, name), getattr(model, name))
    write_arpa(again, folder / "once_more.arpa")
    assert (folder / "once_more.arpa").read_bytes() == gzip.decompress((folder / "again.arpa.gz").read_bytes())


@settings(max_examples=12, deadline=None)
@given(TEXTS, st.integers(1, 4), st.lists(st.sampled_from(WORDS), max_size=5))
def test_the_grammar_costs_what_kaldis_costs(
    tmp_path_factory: pytest.TempPathFactory, text: list[list[str]], order: int, sentence: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("lm")
    model = estimated(folder, text, order)
    SYMBOLS.write(folder / "words.txt")
    (folder / "G.txt").write_text(
        kaldilm.arpa2fst(
            str(folder / "lm.arpa"),
            str(folder / "G.fst"),
            disambig_symbol="#0",
            read_symbol_table=str(folder / "words.txt"),
        )
    )
    labels = [SYMBOLS.id_of(word) for word in sentence]
    ways = [
        best_way(backing_off_freely(fst), labels) for fst in (read_fst(folder / "G.fst"), grammar_of(model, SYMBOLS))
    ]
    assert ways[0] is not None and ways[1] is not None
    assert ways[1].cost == pytest.approx(ways[0].cost, abs=1e-4)


def backing_off_freely(grammar: Fst) -> Fst:
    backoff = SYMBOLS.id_of("#0")
    return Fst(**{**grammar.__dict__, "ilabel": np.where(grammar.ilabel == backoff, 0, grammar.ilabel)})


def test_missing_words_are_listed_and_become_the_unknown_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(tmp_path, ARPA.replace("\tc", "\tyou").replace(" c", " you"))
    grammar = arpa_to_fst(path, SYMBOLS, missing_words="oov", unknown_word="<UNK>")
    assert "1 of 3 words of the language model are not in the lexicon: you; their 2 n-grams of 8 become" in caplog.text
    assert "the recognizer can output <UNK> wherever" in caplog.text
    assert "try --missing-words drop first (what Kaldi's remove_oovs.pl does)" in caplog.text
    a, unknown = SYMBOLS.id_of("a"), SYMBOLS.id_of("<UNK>")
    way = best_way(grammar, [a, unknown, SYMBOLS.id_of("#0")])
    assert way is None  # after an unknown word the context is already empty
    way = best_way(grammar, [a, unknown])
    assert way is not None
    assert way.cost == pytest.approx((0.4 + 0.42 + 1.0) * np.log(10), abs=1e-5)
    with pytest.raises(DataError, match="'you' is not in the symbol table"):
        arpa_to_fst(path, SYMBOLS, missing_words="oov", unknown_word="you")


def test_unreachable_ngrams_are_left_out_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = ARPA.replace("ngram 2=3", "ngram 2=5\nngram 3=2").replace("-0.42\ta c", "-0.42\ta c\n-1\t</s> a\n-1\ta <s>")
    text = text.replace("\\end\\", "\\3-grams:\n-0.2 a b c\n-0.3 b a c\n\n\\end\\")
    with caplog.at_level(logging.WARNING):
        model = read_arpa(written(tmp_path, text))
    assert model.num_ngrams == (5, 3, 1)
    assert (
        "skipped 2 n-gram(s): <s> does not come first, or </s> not last (invalid BOS/EOS placement), on lines 18, 19"
        in (caplog.text)
    )
    assert "skipped 1 n-gram(s): their context is not listed (no parent n-gram), on line 23" in caplog.text


@pytest.mark.parametrize("word", ["#0", "#12", "<eps>"])
def test_reserved_words_are_refused_with_their_line(tmp_path: Path, word: str) -> None:
    with pytest.raises(FormatError, match=rf"lm.arpa:11: .*'{word}' is reserved(.|\n)*fix: remove it"):
        read_arpa(written(tmp_path, ARPA.replace("\tc", f"\t{word}").replace(" c", f" {word}")))
    assert "#c" in read_arpa(written(tmp_path, ARPA.replace("\tc", "\t#c").replace(" c", " #c"))).words


@pytest.mark.parametrize("name", ["lm.arpa", "lm.arpa.gz"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_compression_is_recognized_whatever_the_name(tmp_path: Path, name: str, pack: type[bytes]) -> None:
    (tmp_path / name).write_bytes(pack(b"\xef\xbb\xbf" + ARPA.replace("\n", "\r\n").encode()))
    assert read_arpa(tmp_path / name).num_ngrams == (5, 3)


def test_characters_that_look_like_a_blank_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"lm.arpa:14: column 9: found U\+00A0 \(NO-BREAK SPACE\)"):
        read_arpa(written(tmp_path, ARPA.replace("<s> a", "<s>\u00a0a")))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("-0.41\ta b", "x\ta b", r"lm.arpa:15: .*expected a logprob, found 'x'"),
        ("-0.41\ta b", "nan\ta b", r"lm.arpa:15: .*expected a logprob, found 'nan'"),
        ("-0.41\ta b", "0.5\ta b", r"lm.arpa:15: .*expected a logprob"),
        ("-0.41\ta b", "-0.41\ta b\t-1", r"lm.arpa:15: .*expected a logprob, 2 words, found"),
        ("-0.41\ta b", "-0.41\ta q", r"lm.arpa:15: .*'q' has no unigram"),
        ("-0.41\ta b", "-0.41\ta c", r"1 of these 2-grams appear twice, one of them ends in 'c'"),
        ("-0.41\ta b\n", "", r"lm.arpa:13: .*3 2-grams are announced, but 2 were found"),
        ("-0.7\tb", "-0.7\ta", r"lm.arpa:10: .*the unigram 'a' appears twice"),
        ("-0.7\tb\t-0.25", "-0.7\tb\t?", r"lm.arpa:10: .*expected a backoff"),
        ("\\2-grams:", "\\3-grams:", r"lm.arpa:13: .*expected \\2-grams:"),
        ("ngram 2", "ngram 3", r"expected the number of 2-grams"),
        ("\\end\\", "", r"expected \\end\\, found the end of the file"),
        ("\\data\\", "", r"it has no \\data\\ section"),
        ("ngram 1=5\nngram 2=3\n", "", r"expected 'ngram 1=NUMBER'"),
    ],
)
def test_malformed_files_are_reported_with_their_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_arpa(written(tmp_path, ARPA.replace(old, new, 1)))


def test_other_encodings_line_ends_and_infinities(tmp_path: Path) -> None:
    (tmp_path / "lm.arpa").write_bytes(ARPA.replace("c", "\u00e4").encode("latin-1"))
    with pytest.raises(FormatError, match=r"lm.arpa:11: .*not UTF-8"):
        read_arpa(tmp_path / "lm.arpa")
    assert read_arpa(written(tmp_path, ARPA.replace("\n", "\r\n").replace("\t", "  "))).num_ngrams == (5, 3)
    assert read_arpa(written(tmp_path, ARPA.replace("-1.0\t</s>", "-inf\t</s>"))).log_prob_of(END) == -99.0


def test_a_model_in_which_no_sentence_can_end(tmp_path: Path) -> None:
    model = read_arpa(written(tmp_path, ARPA.replace("</s>", "d")))
    with pytest.raises(DataError, match="no </s>"):
        grammar_of(model, SYMBOLS)


def test_damaged_compressed_files_are_refused(tmp_path: Path) -> None:
    whole = gzip.compress(ARPA.encode())
    for damaged in (whole[:-20], whole[:20] + b"\xff" * 8 + whole[28:], b"\x1f\x8bnot gzip"):
        (tmp_path / "lm.arpa.gz").write_bytes(damaged)
        with pytest.raises(FormatError, match="cannot be read"):
            read_arpa(tmp_path / "lm.arpa.gz")
