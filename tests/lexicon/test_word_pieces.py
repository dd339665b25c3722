"""Joining pieces to words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.errors import FormatError
from blasr.io.nist.ctm import CtmWord
from blasr.lexicon.word_pieces import WHOLE_WORDS, WHOLE_WORDS_ONLY, WORD_MARK, WordJoiner

JOINER = WordJoiner(["<unk>", "[noise]"])
WORDS = st.sampled_from(["<unk>", "[noise]"]) | st.text("abc", min_size=1, max_size=6)


@given(st.lists(WORDS), st.data())
def test_words_cut_anywhere_are_joined_again(words: list[str], data: st.DataObject) -> None:
    pieces = []
    for word in words:
        if word not in ("<unk>", "[noise]"):
            cut = data.draw(st.integers(1, len(word)))
            pieces += [WORD_MARK + word[:cut], *word[cut:]]
        else:
            pieces.append(word)
    assert JOINER.join(pieces) == words
    rows = [CtmWord("u", "1", float(index), 0.5, piece) for index, piece in enumerate(pieces)]
    assert [row.word for row in JOINER.join_ctm(rows)] == words


def test_pieces_before_any_mark_are_a_word() -> None:
    assert JOINER.join(["a", "b", "<unk>", "c", f"{WORD_MARK}d", "e"]) == ["ab", "<unk>", "c", "de"]
    assert WHOLE_WORDS_ONLY.join([f"{WORD_MARK}a", "b"]) == [f"{WORD_MARK}a", "b"]


def test_a_word_has_the_time_of_its_pieces_and_their_lowest_confidence() -> None:
    rows = [
        CtmWord("u1", "1", 0.1, 0.2, f"{WORD_MARK}two", 0.9),
        CtmWord("u1", "1", 0.4, 0.5, "day", 0.6),
        CtmWord("u1", "1", 1.0, 0.1, f"{WORD_MARK}a", 0.5),
        CtmWord("u2", "1", 0.0, 0.1, "b", 1.0),
        CtmWord("u2", "1", 0.2, 0.1, f"{WORD_MARK}c", None),
        CtmWord("u2", "1", 0.3, 0.1, "d", 0.3),
    ]
    joined = JOINER.join_ctm(rows)
    assert [(row.recording, row.word, row.confidence) for row in joined] == [
        ("u1", "twoday", 0.6),
        ("u1", "a", 0.5),
        ("u2", "b", 1.0),
        ("u2", "cd", None),
    ]
    assert joined[0].start_seconds == 0.1
    assert joined[0].duration_seconds == pytest.approx(0.8)
    assert WHOLE_WORDS_ONLY.join_ctm(rows) == rows


def test_the_file_in_the_same_folder_lists_whole_words(tmp_path: Path) -> None:
    assert WordJoiner.beside(tmp_path / "words.txt").whole is None
    (tmp_path / WHOLE_WORDS).write_text("<unk>\n[noise]\n")
    assert WordJoiner.beside(tmp_path / "words.txt").whole == JOINER.whole
    (tmp_path / WHOLE_WORDS).write_bytes(b"\xff")
    with pytest.raises(FormatError, match="is not UTF-8"):
        WordJoiner.beside(tmp_path / "words.txt")
