from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from blasr.errors import DataError
from blasr.io import read_matrices
from blasr.io.kaldi.binary_streams import BinaryReader
from blasr.io.kaldi.compression import CompressionMethod, read_compressed, write_compressed

METHODS = list(CompressionMethod)
MATRICES = npst.arrays(
    np.float32,
    st.tuples(st.integers(1, 12), st.integers(1, 4)),
    elements=st.one_of(
        st.floats(-1e6, 1e6, width=32), st.integers(-40000, 40000).map(float), st.sampled_from([0.0, 1.0, 1e-30])
    ),
)


def compressed(matrix: Any, method: CompressionMethod) -> bytes:
    stream = io.BytesIO()
    write_compressed(stream, matrix, method)
    return stream.getvalue()


def expanded(data: bytes) -> Any:
    reader = BinaryReader(io.BytesIO(data), "it", len(data))
    return read_compressed(reader, reader.token())


@pytest.mark.parametrize("method", METHODS)
def test_archives_of_kaldi_are_reproduced_byte_for_byte(golden: Path, method: CompressionMethod) -> None:
    """Equal to what ``copy-feats --compress=true --compression-method=N`` wrote and what Kaldi read from it."""
    archive = b""
    for utterance, matrix in read_matrices(golden / "features" / "fbank64.ark"):
        archive += f"{utterance} \0B".encode() + compressed(matrix, method)
    assert archive == (golden / "features" / f"fbank64_cm{method}.ark").read_bytes()
    decoded = dict(read_matrices(golden / "features" / f"fbank64_cm{method}_decoded.ark"))
    for utterance, matrix in read_matrices(golden / "features" / f"fbank64_cm{method}.ark"):
        np.testing.assert_array_equal(matrix, decoded[utterance])


@settings(max_examples=100, deadline=None)
@given(MATRICES, st.sampled_from(METHODS))
def test_kaldis_code_compresses_to_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, matrix: Any, method: CompressionMethod
) -> None:
    """kaldi_native_io contains Kaldi's compressed-matrix.cc. The matrices include few rows and equal values."""
    native = pytest.importorskip("kaldi_native_io")
    path = tmp_path_factory.mktemp("compressed") / "m.ark"
    with native.CompressedMatrixWriter(f"ark:{path}") as writer:
        writer.write("m", matrix, native.CompressionMethod(int(method)))
    data = compressed(matrix, method)
    assert path.read_bytes() == b"m \0B" + data
    with native.SequentialFloatMatrixReader(f"ark:{path}") as reader:
        np.testing.assert_array_equal(expanded(data), np.array(reader.value))


def test_an_empty_matrix() -> None:
    data = compressed(np.zeros((0, 0)), CompressionMethod.AUTOMATIC)
    assert data == b"CM " + b"\0" * 16
    assert expanded(data).shape == (0, 0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_cannot_be_stored_are_refused(value: float) -> None:
    with pytest.raises(DataError, match="not finite"):
        compressed(np.array([[1.0, value]]), CompressionMethod.TWO_BYTE_AUTO)
    with pytest.raises(DataError, match="exceeds a 32-bit float"):
        compressed(np.array([[3e38, -3e38]]), CompressionMethod.ONE_BYTE_AUTO)


@pytest.mark.parametrize(("lowest", "span"), [(0.0, 3e-36), (-1e-38, 2e-38), (-2.0, 1e-3), (5e30, 1e31), (-7.5, 40.0)])
def test_kaldis_code_expands_every_code_to_the_same_value(tmp_path: Path, lowest: float, span: float) -> None:
    native = pytest.importorskip("kaldi_native_io")
    percentiles = np.array([[0, 1, 2, 3], [9, 20000, 40001, 65535], [65532, 65533, 65534, 65535]], "<u2")
    codes = np.tile(np.arange(256, dtype=np.uint8), (3, 1))
    header = np.array([lowest, span], "<f4").tobytes() + np.array([256, 3], "<i4").tobytes()
    data = b"CM " + header + percentiles.tobytes() + codes.tobytes()
    (tmp_path / "m.ark").write_bytes(b"m \0B" + data)
    with native.SequentialFloatMatrixReader(f"ark:{tmp_path / 'm.ark'}") as reader:
        np.testing.assert_array_equal(expanded(data), np.array(reader.value))


def test_many_columns_are_expanded_in_parts(tmp_path: Path) -> None:
    native = pytest.importorskip("kaldi_native_io")
    matrix = np.random.default_rng(2).normal(size=(9, 9000)).astype(np.float32)
    data = compressed(matrix, CompressionMethod.SPEECH_FEATURE)
    (tmp_path / "m.ark").write_bytes(b"m \0B" + data)
    with native.SequentialFloatMatrixReader(f"ark:{tmp_path / 'm.ark'}") as reader:
        np.testing.assert_array_equal(expanded(data), np.array(reader.value))
