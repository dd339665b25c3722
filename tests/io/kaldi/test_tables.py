from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import kaldiio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from blasr.errors import DataError, FormatError
from blasr.io import MatrixWriter, read_matrices, read_table
from blasr.io.kaldi.holders import VECTOR

FLOAT32 = st.floats(width=32, allow_nan=False)
MATRICES = npst.arrays(np.float32, npst.array_shapes(min_dims=2, max_dims=2, max_side=5), elements=FLOAT32)
UTTERANCES = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=8).filter(
    lambda text: text.split() == [text]
)
Table = dict[str, np.ndarray[Any, Any]]


def write_table(folder: Path, table: Table) -> tuple[Path, Path]:
    ark, scp = folder / "m.ark", folder / "m.scp"
    with MatrixWriter(ark, scp) as writer:
        for utterance, matrix in table.items():
            writer.write(utterance, matrix)
        assert len(writer) == len(table)
        assert not ark.exists()
    return ark, scp


def assert_tables_equal(found: Table, expected: Table) -> None:
    assert list(found) == list(expected)
    for utterance, matrix in expected.items():
        np.testing.assert_array_equal(found[utterance], matrix)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(UTTERANCES, MATRICES, max_size=4))
def test_a_written_table_reads_back(tmp_path_factory: pytest.TempPathFactory, table: Table) -> None:
    folder = tmp_path_factory.mktemp("table")
    ark, scp = write_table(folder, table)
    packed = folder / "m.ark.gz"
    packed.write_bytes(gzip.compress(ark.read_bytes()))
    for specifier in (ark, scp, packed, f"ark:{ark}", f"scp,p:{scp}", f"ark,s,cs:{packed}"):
        assert_tables_equal(dict(read_matrices(specifier)), table)


def test_other_libraries_read_the_archives(tmp_path: Path) -> None:
    native = pytest.importorskip("kaldi_native_io")
    table = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones((1, 4), np.float32)}
    ark, scp = write_table(tmp_path, table)
    assert_tables_equal(dict(kaldiio.load_ark(str(ark))), table)
    assert_tables_equal({key: np.array(value) for key, value in kaldiio.load_scp(str(scp)).items()}, table)
    with native.SequentialFloatMatrixReader(f"scp:{scp}") as reader:
        assert_tables_equal({key: np.array(value) for key, value in reader}, table)


@pytest.mark.parametrize("method", range(1, 8))
def test_compressed_matrices_of_kaldi(golden: Path, method: int) -> None:
    """The values differ by at most 1e-5 from those that Kaldi decompressed."""
    found = dict(read_matrices(golden / "features" / f"fbank64_cm{method}.ark"))
    expected = dict(read_matrices(golden / "features" / f"fbank64_cm{method}_decoded.ark"))
    assert list(found) == list(expected)
    for utterance, matrix in expected.items():
        assert found[utterance].dtype == np.float32
        np.testing.assert_allclose(found[utterance], matrix, rtol=0, atol=1e-5)


def test_text_equals_binary(golden: Path) -> None:
    """Text has seven digits, so the relative tolerance is 1e-6."""
    text = dict(read_matrices(golden / "features" / "fbank64.txt"))
    for utterance, matrix in read_matrices(golden / "features" / "fbank64.ark"):
        np.testing.assert_allclose(text[utterance], matrix, rtol=1e-6)


def test_double_matrices_keep_their_precision_if_requested(golden: Path) -> None:
    single = dict(read_matrices(golden / "features" / "cmvn_utt.ark"))
    double = dict(read_matrices(golden / "features" / "cmvn_utt.ark", dtype=np.float64))
    expected = dict(kaldiio.load_ark(str(golden / "features" / "cmvn_utt.ark")))
    assert {matrix.dtype for matrix in single.values()} == {np.dtype(np.float32)}
    assert_tables_equal(double, expected)


def test_vectors_of_both_forms(tmp_path: Path) -> None:
    (tmp_path / "v.ark").write_bytes(b"a \0BFV \4" + struct.pack("<iff", 2, 1.5, 2.5))
    (tmp_path / "v.txt").write_text("a  [ 1.5 2.5 ]\nb  [ ]\n", encoding="utf-8")
    assert dict(read_table(tmp_path / "v.ark", VECTOR))["a"].tolist() == [1.5, 2.5]
    assert {key: value.tolist() for key, value in read_table(tmp_path / "v.txt", VECTOR)} == {"a": [1.5, 2.5], "b": []}


def test_a_script_selects_ranges_and_text_values(tmp_path: Path) -> None:
    ark, scp = write_table(tmp_path, {"a": np.arange(12, dtype=np.float32).reshape(4, 3)})
    where = scp.read_text(encoding="utf-8").split()[1]
    (tmp_path / "text.ark").write_text("t  [\n  1 2\n  3 4 ]\n", encoding="utf-8")
    scp.write_text(
        f"rows {where}[1:2]\nboth {where}[0:0,1:2]\ncolumns {where}[:,0:0]\nplain {where}\n"
        f"beyond {where}[2:6]\nt {tmp_path}/text.ark:3\n",
        encoding="utf-8",
    )
    found = dict(read_matrices(scp))
    assert found["rows"].tolist() == [[3, 4, 5], [6, 7, 8]]
    assert found["both"].tolist() == [[1, 2]]
    assert found["columns"].tolist() == [[0], [3], [6], [9]]
    assert found["plain"].shape == (4, 3)
    assert found["beyond"].tolist() == [[6, 7, 8], [9, 10, 11]]
    assert found["t"].tolist() == [[1, 2], [3, 4]]
    for limits in ("[0:7]", "[4:5]", "[2:1]", "[0:0,0:3]", "[0:0,0:0,0:0]", "[1]"):
        scp.write_text(f"a {ark}:2{limits}\n", encoding="utf-8")
        with pytest.raises(FormatError, match="does not fit") as caught:
            list(read_matrices(scp))
        assert caught.value.line == 1


@pytest.mark.parametrize("specifier", ["ark:sox x |", "cut -b 2 x |", "ark,t:| tee x", "scp:head a.scp |"])
def test_commands_are_not_run(specifier: str) -> None:
    with pytest.raises(FormatError, match="only if they are allowed"):
        list(read_matrices(specifier))


def test_commands_in_a_script_are_not_run(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    (tmp_path / "a.scp").write_text(f"u1 touch {witness}; cat a.ark |\n", encoding="utf-8")
    with pytest.raises(FormatError, match="only if they are allowed") as caught:
        list(read_matrices(tmp_path / "a.scp"))
    assert caught.value.line == 1
    assert not witness.exists()


@pytest.mark.parametrize("flag", [b"PKL", b"NPY", b"AUDIO", b"RIFF"])
def test_other_objects_are_refused(tmp_path: Path, flag: bytes) -> None:
    """kaldiio unpickles the first of these."""
    (tmp_path / "a.ark").write_bytes(b"u1 " + flag + b"\x80\x04N.")
    with pytest.raises(FormatError):
        list(read_matrices(tmp_path / "a.ark"))


def test_an_aborted_table_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), MatrixWriter(tmp_path / "m.ark", tmp_path / "m.scp") as writer:
        writer.write("a", np.ones((2, 2)))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_invalid_keys_are_refused(tmp_path: Path) -> None:
    with MatrixWriter(tmp_path / "m.ark") as writer:
        writer.write("a", np.ones((2, 2)))
        with pytest.raises(DataError, match="second time"):
            writer.write("a", np.ones((2, 2)))
        with pytest.raises(DataError, match="is not an utterance-id"):
            writer.write("a b", np.ones((2, 2)))
    assert list(dict(read_matrices(tmp_path / "m.ark"))) == ["a"]
    with pytest.raises(DataError, match="must not be gzipped"):
        MatrixWriter(tmp_path / "m.ark.gz")


def assert_prefixes_are_errors(path: Path, boundaries: set[int]) -> None:
    data = path.read_bytes()
    for length in range(1, len(data)):
        path.write_bytes(data[:length])
        if length in boundaries:
            list(read_matrices(path))
        else:
            with pytest.raises(FormatError):
                list(read_matrices(path))


def test_every_prefix_is_refused_as_truncated(tmp_path: Path) -> None:
    ark, _ = write_table(tmp_path, {"a": np.ones((2, 3)), "b": np.ones((1, 2))})
    packed = tmp_path / "m.ark.gz"
    packed.write_bytes(gzip.compress(ark.read_bytes()))
    text = tmp_path / "t.ark"
    text.write_text("a  [\n  1 2\n  3 4 ]\n", encoding="utf-8")
    assert_prefixes_are_errors(ark, {2 + 2 + 3 + 10 + 24})
    assert_prefixes_are_errors(packed, set())
    assert_prefixes_are_errors(text, {len("a  [\n  1 2\n  3 4 ]")})


@pytest.mark.parametrize("method", [2, 3, 5])
def test_a_truncated_compressed_matrix(golden: Path, tmp_path: Path, method: int) -> None:
    data = (golden / "features" / f"fbank64_cm{method}.ark").read_bytes()
    for length in (*range(1, 60), 500, 3000):
        (tmp_path / "cut.ark").write_bytes(data[:length])
        with pytest.raises(FormatError):
            list(read_matrices(tmp_path / "cut.ark"))


@pytest.mark.parametrize("kind", [b"CM ", b"CM2 ", b"CM3 "])
@pytest.mark.parametrize(("rows", "columns"), [((1 << 31) - 1, (1 << 31) - 1), (-1, 5), (5, -1)])
def test_a_compressed_matrix_of_an_impossible_size(tmp_path: Path, kind: bytes, rows: int, columns: int) -> None:
    path = tmp_path / "m.ark"
    path.write_bytes(b"a \0B" + kind + struct.pack("<ffii", 0, 1, rows, columns) + b"x" * 40)
    tracemalloc.start()
    try:
        with pytest.raises(FormatError):
            list(read_matrices(path))
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_a_script_that_lacks_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.scp").write_text("u1 a.ark:3\n\nu2\n", encoding="utf-8")
    (tmp_path / "b.scp").write_text(f"u1 {tmp_path}/absent.ark:3\n", encoding="utf-8")
    with pytest.raises(FormatError, match="cannot be opened"):
        list(read_matrices(tmp_path / "b.scp"))
    (tmp_path / "a.scp").write_text("u2\n", encoding="utf-8")
    with pytest.raises(FormatError, match="expected an utterance-id and a file"):
        list(read_matrices(tmp_path / "a.scp"))


def test_unusual_entries_are_left_to_the_general_reader(tmp_path: Path) -> None:
    """One archive mixes usual entries with a non-ASCII key, an empty matrix, a double matrix and text forms."""
    ones = np.ones((2, 3), np.float32)
    for odd in ("ü", "empty", "u3"):
        table = {"u1": ones, odd: np.zeros((0, 0), np.float32) if odd == "empty" else ones * 2, "u4": ones * 3}
        ark, _ = write_table(tmp_path / odd, table)
        assert_tables_equal(dict(read_matrices(ark)), table)
        ark.write_bytes(ark.read_bytes()[:-1])
        with pytest.raises(FormatError, match=r"utterance u4: .*truncated"):
            list(read_matrices(ark))
    with MatrixWriter(ark) as writer:
        writer.write("u1", ones)
    ark.write_bytes(ark.read_bytes() + b"u2  [\n  1 2\n  3 4 ]\nu3 \0BFM \4\2")
    matrices = read_matrices(ark)
    assert [next(matrices)[0], next(matrices)[1].tolist()] == ["u1", [[1, 2], [3, 4]]]
    with pytest.raises(FormatError, match="utterance u3"):
        next(matrices)
