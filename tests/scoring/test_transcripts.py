"""Transcripts and speakers of utterances."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import DataError, FormatError
from blasr.scoring.transcripts import check_references, read_speakers, read_transcripts


def test_words_of_every_utterance_in_the_order_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("b-1 two  words\na-1\n")
    assert list(read_transcripts(tmp_path / "text").items()) == [("b-1", ["two", "words"]), ("a-1", [])]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a x\n\n", r"text:2: the line is empty"),
        (b"a x\na y\n", r"text:2: utterance a: appears twice"),
        (b"a x\nb y <eps>\n", r"text:2: utterance b: '<eps>' is reserved"),
        (b"a x\nb y #0\n", r"text:2: utterance b: '#0' is reserved"),
        ("a x\nb y\u00a0z\n".encode(), r"text:2: column 4: found U\+00A0"),
        (b"a x\nb \xff\n", r"text:2: .* is not UTF-8"),
    ],
)
def test_lines_that_cannot_be_used_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "text").write_bytes(content)
    with pytest.raises(FormatError, match=message):
        read_transcripts(tmp_path / "text")


def test_an_utterance_has_one_speaker(tmp_path: Path) -> None:
    path = tmp_path / "utt2spk"
    path.write_text("a-1 a\nb-1 b\n")
    assert read_speakers(path) == {"a-1": "a", "b-1": "b"}
    path.write_text("a-1 a b\n")
    with pytest.raises(FormatError, match="utterance a-1: has 2 speakers, expected one"):
        read_speakers(path)


def test_hypotheses_without_a_reference_are_refused() -> None:
    check_references(["a", "b"], ["b"])
    with pytest.raises(DataError, match="utterance c: 1 of 2 hypotheses have no reference"):
        check_references(["a", "b"], ["b", "c"])


def test_byte_order_marks_and_carriage_returns_are_not_part_of_words(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"\xef\xbb\xbfa x y\r\nb\r\n")
    assert read_transcripts(tmp_path / "text") == {"a": ["x", "y"], "b": []}
