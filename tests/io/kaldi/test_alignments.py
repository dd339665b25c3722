from __future__ import annotations

import gzip
import logging
import struct
from pathlib import Path

import kaldiio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import DataError, FormatError
from blasr.io import read_alignments, write_alignments
from blasr.io.kaldi.alignments import alignment_files

INT32 = st.integers(-(1 << 31), (1 << 31) - 1)
UTTERANCES = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=8).filter(
    lambda text: text.split() == [text]
)
ALIGNMENTS = st.dictionaries(UTTERANCES, st.lists(INT32, max_size=30), max_size=6)


@settings(deadline=None, max_examples=50)
@given(ALIGNMENTS, st.sampled_from(["ali", "ali.gz"]))
def test_a_written_archive_reads_back(
    tmp_path_factory: pytest.TempPathFactory, alignments: dict[str, list[int]], name: str
) -> None:
    path = tmp_path_factory.mktemp("alignments") / name
    count = write_alignments(path, ((utterance, np.array(values)) for utterance, values in alignments.items()))
    assert count == len(alignments)
    again = list(read_alignments(path))
    assert {utterance: values.tolist() for utterance, values in again} == alignments
    assert all(values.dtype == np.int32 and values.flags.writeable for _, values in again)


def test_archives_written_by_kaldi(golden: Path, tmp_path: Path) -> None:
    """Kaldi's text form has the same integers, and kaldiio reads them from an archive that is written here."""
    packed = golden / "fsdd_tri1" / "ali.1.gz"
    alignments = list(read_alignments(packed))
    assert len(alignments) == 1350
    lines = gzip.decompress(packed.read_bytes()).decode().splitlines()
    assert [[utterance, *map(str, values)] for utterance, values in alignments] == [line.split() for line in lines]
    write_alignments(tmp_path / "ali.1", alignments)
    again = kaldiio.load_ark(str(tmp_path / "ali.1"))
    for (utterance, values), (other, expected) in zip(alignments, again, strict=True):
        assert utterance == other
        np.testing.assert_array_equal(values, expected)


def test_a_folder_is_read_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        write_alignments(tmp_path / f"ali.{number}.gz", [(f"u{number}", np.array([number]))])
    write_alignments(tmp_path / "ali.x.gz", [("no", np.array([0]))])
    assert [utterance for utterance, _ in read_alignments(tmp_path)] == ["u1", "u9", "u10"]
    assert len(alignment_files(tmp_path)) == 3


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"no ali\.\*\.gz"):
        list(read_alignments(tmp_path))
    with pytest.raises(FormatError, match="only if they are allowed"):
        list(read_alignments("ark:convert-ali a b c ark:ali.1 ark:- |"))
    with pytest.raises(FormatError, match="cannot be opened"):
        list(read_alignments(tmp_path / "ali.1.gz"))
    (tmp_path / "ali.1.gz").touch()
    with pytest.raises(FormatError, match="empty"):
        list(read_alignments(tmp_path / "ali.1.gz"))
    with pytest.raises(DataError, match="is not an utterance-id"):
        write_alignments(tmp_path / "ali", [("a b", np.array([1]))])
    assert not (tmp_path / "ali").exists()


@pytest.mark.parametrize("name", ["ali", "ali.gz"])
def test_every_prefix_is_an_error_or_ends_between_utterances(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    items = [(f"utterance-{number}", np.arange(1, 2 + number)) for number in range(4)]
    write_alignments(path, items)
    data = path.read_bytes()
    accepted = []
    for length in range(len(data)):
        path.write_bytes(data[:length])
        try:
            accepted.append(len(list(read_alignments(path))))
        except FormatError as error:
            assert error.path is not None
    assert accepted == ([0, 1, 2, 3] if name == "ali" else [])


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_a_flipped_bit_never_crashes_the_reader(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("alignments") / "ali"
    write_alignments(path, [("u1", np.arange(3)), ("u2", np.arange(4))])
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    try:
        assert all(values.dtype == np.int32 for _, values in read_alignments(path))
    except FormatError as error:
        assert str(path) in str(error)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"u \0B\4" + struct.pack("<i", 1 << 30), "truncated"),
        (b"u \0B\4" + struct.pack("<i", -5), "there cannot be -5 integers"),
        (b"u \0B\4" + struct.pack("<i", 1) + b"\3" + struct.pack("<i", 7), "size byte"),
        (b"u \0BFM ", "the length of a vector of integers"),
        (b"u 1 2.5\n", "expected an integer, found '2.5'"),
        (b"u 1 99999999999\n", "expected an integer, found '999"),
        (b"u 1 2", "does not end"),
        (b"\xff\xff 1\n", "is not UTF-8"),
    ],
)
def test_bad_content_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "ali"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=message):
        list(read_alignments(path))


def test_an_utterance_that_appears_twice_is_refused(tmp_path: Path) -> None:
    for number in (1, 2):
        write_alignments(tmp_path / f"ali.{number}.gz", [("u", np.array([1, 2], np.int32))])
    with pytest.raises(DataError, match="utterance u: the utterance appears twice in the alignments"):
        list(read_alignments(tmp_path))


def test_alignments_without_a_frame_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    labels = {"u": [1], **{f"e{number}": [] for number in range(4)}}
    write_alignments(tmp_path / "ali.1.gz", ((key, np.array(value, np.int32)) for key, value in labels.items()))
    with caplog.at_level(logging.WARNING):
        assert [len(values) for _, values in read_alignments(tmp_path)] == [1, 0, 0, 0, 0]
    assert "4 of 5 alignments have no frame: e0, e1, e2, ..." in caplog.text
