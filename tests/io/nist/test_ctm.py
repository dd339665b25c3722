"""CTM files: round trips, a file of Kaldi byte for byte, and malformed lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.errors import FormatError
from blasr.io.nist.ctm import CtmAlternatives, CtmWord, read_ctm, read_ctm_items, write_ctm

names = st.text("abcAB01-_'", min_size=1, max_size=6)
milliseconds = st.integers(0, 10_000_000).map(lambda count: count / 1000)
ctm_words = st.builds(
    CtmWord, names, names, milliseconds, milliseconds, names, st.none() | st.integers(0, 100).map(lambda n: n / 100)
)


@given(st.lists(ctm_words, max_size=5))
def test_written_words_read_back(tmp_path_factory: pytest.TempPathFactory, words: list[CtmWord]) -> None:
    path = tmp_path_factory.mktemp("ctm") / "ctm"
    assert write_ctm(path, words) == len(words)
    assert list(read_ctm(path)) == words


def test_a_file_written_by_kaldi_is_written_again(golden: Path, tmp_path: Path) -> None:
    """The only difference is Kaldi's space at the end of a line."""
    kaldi = golden / "fsdd_tri1" / "connected" / "1best.ctm"
    write_ctm(tmp_path / "ctm", read_ctm(kaldi))
    assert (tmp_path / "ctm").read_text().splitlines() == [line.rstrip() for line in kaldi.read_text().splitlines()]


def test_comments_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "ctm"
    path.write_text(";; a comment\n\nrec A 0.5 0.25 word 0.9\n")
    assert list(read_ctm(path)) == [CtmWord("rec", "A", 0.5, 0.25, "word", 0.9)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("rec 1 0.5 0.2", "found 4 fields"),
        ("rec 1 0.5 0.2 a word 1.0", "found 7 fields"),
        ("rec 1 -0.5 0.2 word", "the start is '-0.5'"),
        ("rec 1 0.5 nan word", "the duration is 'nan'"),
        ("rec 1 0.5 0.2 word high", "the confidence is 'high'"),
    ],
)
def test_a_bad_line_is_refused(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "ctm"
    path.write_text(f"rec 1 0 0.2 word\n{line}\n")
    with pytest.raises(FormatError, match=f"ctm:2: {message}"):
        list(read_ctm(path))


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        list(read_ctm(tmp_path / "none"))


BLOCK = """\
rec A 0 0.1 the
rec A * * <ALT_BEGIN>
rec A 0.1 0.2 cat 0.5
rec A * * <ALT>
rec A * * <alt>
rec A 0.1 0.1 a
rec A 0.2 0.1 cart
rec A * * <ALT_END>
"""


def test_alternatives_are_read(tmp_path: Path) -> None:
    path = tmp_path / "ctm"
    path.write_text(BLOCK)
    word, block = read_ctm_items(path)
    assert isinstance(word, CtmWord) and isinstance(block, CtmAlternatives)
    assert (word.line, block.recording, block.channel, block.line) == (1, "rec", "A", 2)
    assert [[word.word for word in row] for row in block.options] == [["cat"], [], ["a", "cart"]]
    with pytest.raises(FormatError, match="ctm:2: has alternatives"):
        list(read_ctm(path))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["rec A * * <ALT>"], "ctm:1: found <ALT> outside a block"),
        (
            ["rec A * * <ALT_BEGIN>", "rec A * * <ALT_BEGIN>"],
            "ctm:2: found <ALT_BEGIN> inside the block that begins on line",
        ),
        (["rec A * * <ALT_BEGIN>", "rec A 0 1 a"], "ctm:1: the <ALT_BEGIN> has no <ALT_END>"),
        (["rec A * * <ALT_BEGIN>", "rec A * * <ALT_END>"], "ctm:1: the alternatives have no words"),
        (["rec A * * <ALT_BEGIN>", "rec B 0 1 a", "rec A * * <ALT_END>"], "ctm:2: found rec B among"),
    ],
)
def test_a_malformed_block_is_refused(tmp_path: Path, lines: list[str], message: str) -> None:
    path = tmp_path / "ctm"
    path.write_text("\n".join(lines))
    with pytest.raises(FormatError, match=message):
        list(read_ctm_items(path))
