"""The files of a data directory as lines of bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.data.tables import (
    field_of,
    filter_lines,
    key_of,
    read_lines,
    read_tables,
    readable,
    speakers_of,
    spk2utt_to_utt2spk,
    utt2spk_to_spk2utt,
    write_tables,
)
from blasr.errors import DataError
from tests.data.data_dirs import FIXED, read, write


def test_fields_of_a_line() -> None:
    assert (key_of(b"  a  b c"), key_of(b" \t")) == (b"a", b"")
    assert (field_of(b"a  b c", 1), field_of(b"a", 1)) == (b"b", b"")


def test_filtering_keeps_lines_unchanged() -> None:
    lines = [b"a  x", b"b y", b"c x"]
    assert filter_lines(lines, [b"a", b"b"]) == [b"a  x", b"b y"]
    assert filter_lines(lines, {b"x"}, field=1) == [b"a  x", b"c x"]


@given(st.dictionaries(st.integers(0, 99), st.sampled_from("xyz"), min_size=1))
def test_utt2spk_and_spk2utt_have_the_same_content(speakers: dict[int, str]) -> None:
    utt2spk = [f"u{number:02d} {speaker}".encode() for number, speaker in sorted(speakers.items())]
    assert sorted(spk2utt_to_utt2spk(utt2spk_to_spk2utt(utt2spk))) == utt2spk


def test_tables_that_are_not_written_are_removed(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", {**FIXED, "notes": "mine\n"})
    tables = read_tables(folder, ("utt2spk", "text"))
    assert tables["text"] == [b"ann-1 one two", b"ann-2  two  spaces", b"bob-1 three"]
    write_tables(folder, tables)
    assert read(folder) == {"utt2spk": FIXED["utt2spk"], "text": FIXED["text"], "notes": "mine\n"}


def test_bytes_that_are_not_utf8_stay_unchanged(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"a \xe9\nb")
    assert read_lines(tmp_path / "text") == [b"a \xe9", b"b"]
    assert readable(b"\xe9") == "\\xe9"


@pytest.mark.parametrize(
    ("lines", "message"),
    [([b"a ann", b"b"], "utt2spk:2: found 1 fields"), ([b"a ann", b"a bob"], "utt2spk:2: a appears twice")],
)
def test_every_utterance_has_one_speaker(lines: list[bytes], message: str) -> None:
    with pytest.raises(DataError, match=message):
        speakers_of(Path("data"), lines)


def test_a_folder_without_utt2spk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="utt2spk: no such file"):
        read_tables(tmp_path)
