from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import FormatError
from blasr.io.kaldi.binary_streams import BinaryReader, BinaryWriter
from blasr.io.kaldi.compression import CompressionMethod
from blasr.io.kaldi.holders import MATRIX, Holder, compressed_matrix
from blasr.io.kaldi.table_writer import TableWriter
from blasr.io.kaldi.tables import read_archive, read_matrices
from blasr.units import AnyArray

HOLDERS: tuple[Holder[AnyArray], ...] = (
    MATRIX,
    replace(MATRIX, write_binary=partial(BinaryWriter.float_matrix, double=True)),
    compressed_matrix(CompressionMethod.SPEECH_FEATURE),
    compressed_matrix(CompressionMethod.TWO_BYTE_AUTO),
    compressed_matrix(CompressionMethod.ONE_BYTE_AUTO),
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """600 matrices of alternating kinds: empty, small, and larger than any block."""
    path = tmp_path_factory.mktemp("plain") / "all.ark"
    random = np.random.default_rng(3)
    with path.open("wb") as stream:
        for number in range(600):
            rows = int(random.choice([1, 7, 120, 480, 700])) if number % 50 else int(random.choice([0, 30000]))
            part = path.with_suffix(".part")
            with TableWriter(f"ark:{part}", HOLDERS[number % len(HOLDERS)]) as writer:
                writer.write(f"utt{number}", random.normal(size=(rows, 5 if rows else 0)).astype(np.float32))
            stream.write(part.read_bytes())
    return path


def test_small_and_large_matrices_equal_those_of_the_general_reader(archive: Path) -> None:
    with archive.open("rb") as stream:
        expected = list(read_archive(BinaryReader(stream, archive, archive.stat().st_size), MATRIX))
    found = list(read_matrices(archive))  # all are kept, so that memory used twice would be noticed
    assert [key for key, _ in found] == [f"utt{number}" for number in range(600)]
    for (key, matrix), (_, other) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(matrix, other.astype(np.float32), err_msg=key)
        assert matrix.flags.writeable


@pytest.mark.parametrize("lost", [1, 100, 70_000, 300_000])
def test_a_truncated_archive_ends_in_an_error(archive: Path, tmp_path: Path, lost: int) -> None:
    whole = [key for key, _ in read_matrices(archive)]
    (tmp_path / "cut.ark").write_bytes(archive.read_bytes()[:-lost])
    kept = []
    with pytest.raises(FormatError, match="truncated"):
        for key, _ in read_matrices(tmp_path / "cut.ark"):
            kept.append(key)
    assert kept == whole[: len(kept)] and 0 < len(kept) < len(whole)


def test_text_in_the_middle_is_left_to_the_general_reader(archive: Path, tmp_path: Path) -> None:
    data = archive.read_bytes()
    (tmp_path / "mixed.ark").write_bytes(data + b"text  [\n  1 2\n  3 4 ]\n" + data)
    found = list(read_matrices(tmp_path / "mixed.ark"))
    assert len(found) == 1201
    assert found[600][0] == "text" and found[600][1].tolist() == [[1, 2], [3, 4]]
