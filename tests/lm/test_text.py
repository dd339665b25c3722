"""Texts of sentences."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from blasr.errors import DataError, FormatError
from blasr.lm.text import iterate_sentences, read_sentences, read_vocabulary, replace_words


def test_sentences_of_plain_and_compressed_texts(tmp_path: Path) -> None:
    path = tmp_path / "text.gz"
    path.write_bytes(gzip.compress(b"u1 a b\n\nu2\n"))
    assert list(iterate_sentences(path, utterance_ids=True)) == [["a", "b"], []]
    assert list(iterate_sentences(path)) == [["u1", "a", "b"], ["u2"]]
    path.write_bytes(b"\x1f\x8bnot gzip")
    with pytest.raises(FormatError, match="cannot be read"):
        list(iterate_sentences(path))


def test_a_line_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"a\n\xff b\n")
    with pytest.raises(FormatError, match=r"text:2: .*UTF-8"):
        list(iterate_sentences(path))


def test_sentences_of_kaldi_texts_and_of_plain_lines(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("u1 ONE TWO\nu2\n\nu3 ONE\n")
    vocabulary = {"ONE", "TWO"}
    assert read_sentences(path, vocabulary=vocabulary) == [["ONE", "TWO"], [], ["ONE"]]
    path.write_text("ONE TWO\nTWO\n")
    assert read_sentences(path, vocabulary=vocabulary, utterance_ids=False) == [["ONE", "TWO"], ["TWO"]]
    with pytest.raises(DataError, match=r"text:1: expected a unique utterance-id .* found 'ONE'"):
        read_sentences(path, vocabulary=vocabulary)
    path.write_text("u1 ONE\nu1 TWO\n")
    with pytest.raises(DataError, match="text:2: "):
        read_sentences(path, vocabulary=vocabulary)
    path.write_text("\n")
    with pytest.raises(DataError, match="no sentences"):
        read_sentences(path, vocabulary=vocabulary)
    with pytest.raises(FormatError, match="cannot be read"):
        read_sentences(tmp_path / "absent", vocabulary=vocabulary)


def test_texts_of_the_other_kind_are_recognized(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "text"
    lines = [f"u{number} ONE" for number in range(20)]
    path.write_text("\n".join([*lines, "u20", "u21"]) + "\n")
    vocabulary = {"ONE"}
    with pytest.raises(DataError, match=r"found lines that begin with utterance-ids, such as 'u0'(.|\n)*leave out"):
        read_sentences(path, vocabulary=vocabulary, utterance_ids=False)
    assert len(read_sentences(path, vocabulary=vocabulary)) == 22
    assert next(iterate_sentences(path, utterance_ids=True, keep_ids=True)) == ["u0", "ONE"]
    assert not caplog.messages
    assert len(list(iterate_sentences(path))) == 22  # a few empty transcripts do not make it a list of words
    assert "the first words of 22 lines all differ" in caplog.text
    path.write_text("\n".join([*lines, "ONE u"]) + "\n")
    assert len(read_sentences(path, vocabulary=vocabulary, utterance_ids=False)) == 21


def test_unknown_words_are_replaced_or_their_sentences_are_left_out() -> None:
    text = [["a", "x"], ["b"], ["x", "x", "y"]]
    kept, unknown = replace_words(text, ["a", "b"], None)
    assert kept == [["b"]]
    assert unknown == {"x": 3, "y": 1}
    kept, _ = replace_words(text, ["a", "b"], "<unk>")
    assert kept == [["a", "<unk>"], ["b"], ["<unk>", "<unk>", "<unk>"]]


def test_a_vocabulary_is_a_list_or_a_symbol_table(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("<eps> 0\nno 1\nyes 2\n#0 3\n<s> 4\n</s> 5\n")
    (tmp_path / "list").write_text("yes\nno #1\n")
    assert read_vocabulary(tmp_path / "words.txt") == read_vocabulary(tmp_path / "list") == {"no", "yes"}


def test_a_lexicon_is_no_vocabulary(tmp_path: Path) -> None:
    digits = ("ZERO Z IH R OW", "ONE W AH N", "TWO T UW", "THREE TH R IY", "FOUR F AO R", "FIVE F AY V", "SIX S IH K S")
    more = ("SEVEN S EH V AH N", "EIGHT EY T", "NINE N AY N", "OH OW", "TEN T EH N", "TON T AH N", "NET N EH T")
    lexicon = tmp_path / "lexicon.txt"
    lexicon.write_text("\n".join((*digits, *more)) + "\n")
    with pytest.raises(FormatError, match=r"looks like a lexicon: 'ZERO Z IH R OW'(.|\n)*words.txt"):
        read_vocabulary(lexicon)
    lexicon.write_text("the cat sat on the mat\nthe dog sat too\n" * 10)
    assert len(read_vocabulary(lexicon)) == 7


@pytest.mark.parametrize("word", ["#0", "#7", "<eps>", "<s>", "</s>"])
def test_reserved_words_and_sentence_marks_are_refused_with_their_line(tmp_path: Path, word: str) -> None:
    path = tmp_path / "text"
    path.write_text(f"a b\nc {word}\n")
    with pytest.raises(DataError, match=rf"text:2: .*'{word}'(.|\n)*fix: remove"):
        list(iterate_sentences(path))
    path.write_text(f"u1 a b\nu2 c {word}\n")
    with pytest.raises(DataError, match=rf"text:2: .*'{word}'"):
        read_sentences(path, vocabulary=["a"])
    path.write_text(f"{word} c #hash <noise>\n")
    assert list(iterate_sentences(path, utterance_ids=True)) == [["c", "#hash", "<noise>"]]


def test_lists_of_words_are_not_taken_for_utterance_ids(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = tmp_path / "text"
    text.write_text("".join(f"{first}{second} AND OTHERS\n" for first in "ABCDE" for second in "ABCDEFGHIJ"))
    assert len(list(iterate_sentences(text))) == 50
    assert "utterance-ids" not in caplog.text
