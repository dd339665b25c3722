"""Kaldi's basic types in both forms: written values read back, and damaged ones are a FormatError."""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
from collections.abc import Callable
from typing import IO, Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from blasr.errors import FormatError
from blasr.io.kaldi.binary_streams import BinaryReader, BinaryWriter, sized_ints
from blasr.io.kaldi.model_stream import Reader, Writer
from blasr.io.kaldi.text_streams import TextReader, TextWriter

INT32 = st.integers(-(1 << 31), (1 << 31) - 1)
FLOAT32 = st.floats(width=32, allow_nan=False)
TOKENS = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=20).filter(
    lambda text: text.split() == [text]
)


def binary_round_trip(write: Callable[[Writer], None]) -> tuple[bytes, BinaryReader]:
    stream = io.BytesIO()
    write(BinaryWriter(stream))
    return stream.getvalue(), BinaryReader(io.BytesIO(stream.getvalue()), "it", len(stream.getvalue()))


def text_round_trip(write: Callable[[Writer], None]) -> TextReader:
    stream = io.StringIO()
    write(TextWriter(stream))
    return TextReader(stream.getvalue(), "it")


@settings(deadline=None)
@given(TOKENS, INT32, st.integers(0, (1 << 32) - 1), FLOAT32, st.lists(INT32, max_size=20))
def test_basic_types_read_back(token: str, signed: int, unsigned: int, number: float, vector: list[int]) -> None:
    def write(writer: Writer) -> None:
        writer.token(token)
        writer.int32(signed)
        writer.newline()
        writer.uint32(unsigned)
        writer.float32(number)
        writer.int_vector(vector)

    data, binary = binary_round_trip(write)
    text = text_round_trip(write)
    for reader in (binary, text):
        assert reader.token() == token
        assert (reader.int32(), reader.uint32()) == (signed, unsigned)
        assert reader.float32() == pytest.approx(number, rel=1e-6, abs=1e-44)
        assert reader.int_vector().tolist() == vector
        assert reader.try_token() is None
    assert binary.offset == len(data)


@settings(deadline=None)
@given(
    npst.arrays(np.float32, npst.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=6), elements=FLOAT32),
    npst.arrays(np.int32, npst.array_shapes(min_dims=2, max_dims=2, max_side=6)),
)
def test_arrays_read_back(matrix: np.ndarray[Any, Any], rows: np.ndarray[Any, Any]) -> None:
    def write(writer: Writer) -> None:
        writer.float_matrix(matrix)
        writer.float_vector(matrix[0])
        writer.int_rows(rows)

    _, binary = binary_round_trip(write)
    np.testing.assert_array_equal(binary.float_matrix(), matrix)
    np.testing.assert_array_equal(binary.float_vector(), matrix[0])
    np.testing.assert_array_equal(binary.int_rows(len(rows), rows.shape[1], "rows"), rows)
    text = text_round_trip(write)
    np.testing.assert_allclose(text.float_matrix(), matrix, rtol=1e-6, atol=1e-44)
    np.testing.assert_allclose(text.float_vector(), matrix[0], rtol=1e-6, atol=1e-44)
    np.testing.assert_array_equal(text.int_rows(len(rows), rows.shape[1], "rows"), rows)


def write_everything(writer: Writer) -> None:
    writer.token("<Start>")
    writer.int32(7)
    writer.uint32(8)
    writer.float32(0.5)
    writer.int_vector([1, 2, 3])
    writer.float_vector(np.arange(4.0))
    writer.float_matrix(np.ones((2, 3)))
    writer.int_rows(np.arange(6).reshape(2, 3))
    writer.token("</End>")


def read_everything(reader: Reader) -> None:
    reader.expect("<Start>")
    reader.int32()
    reader.uint32()
    reader.float32()
    reader.int_vector()
    reader.float_vector()
    reader.float_matrix()
    reader.int_rows(2, 3, "rows")
    reader.expect("</End>")


def test_every_prefix_is_refused_as_truncated() -> None:
    data, _ = binary_round_trip(write_everything)
    read_everything(BinaryReader(io.BytesIO(data), "it", len(data)))
    for length in range(len(data)):
        for size in (length, None):
            with pytest.raises(FormatError, match="truncated"):
                read_everything(BinaryReader(io.BytesIO(data[:length]), "it", size))
    stream = io.StringIO()
    write_everything(TextWriter(stream))
    text = stream.getvalue()
    for length in range(len(text) - 1):  # the space after the last token may be missing
        with pytest.raises(FormatError):
            read_everything(TextReader(text[:length], "it"))


@settings(deadline=None)
@given(st.data())
def test_a_flipped_bit_never_crashes_the_reader(data: st.DataObject) -> None:
    content, _ = binary_round_trip(write_everything)
    altered = bytearray(content)
    altered[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    for size in (len(altered), None):
        try:
            read_everything(BinaryReader(io.BytesIO(altered), "it", size))
        except FormatError as error:
            assert str(error).startswith("it: byte ")


BIG = (1 << 31) - 1


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (b"\4" + struct.pack("<i", BIG), lambda reader: reader.int_vector()),
        (b"FV \4" + struct.pack("<i", BIG), lambda reader: reader.float_vector()),
        (b"DM \4" + struct.pack("<i", BIG) + b"\4" + struct.pack("<i", BIG), lambda reader: reader.float_matrix()),
        (b"\4" + struct.pack("<i", -1), lambda reader: reader.int_vector()),
        (b"FM \4" + struct.pack("<i", -1) + b"\4" + struct.pack("<i", -1), lambda reader: reader.float_matrix()),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_a_huge_size_takes_no_memory(content: bytes, read: Callable[[BinaryReader], object], known: bool) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(FormatError):
            read(BinaryReader(io.BytesIO(content + b"x" * 50), "it", len(content) + 50 if known else None))
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_count_is_checked_against_the_rest_of_the_file() -> None:
    reader = BinaryReader(io.BytesIO(b"x" * 50), "it", 50)
    assert reader.check_count(5, 10, "items") == 5
    for read in (lambda: reader.check_count(6, 10, "items"), lambda: reader.int_rows(BIG, 4, "rows")):
        with pytest.raises(FormatError, match="do not fit in the 50 bytes left"):
            read()


def test_errors_name_the_byte_and_what_was_found() -> None:
    with pytest.raises(FormatError, match="it: byte 5: expected <End>, found '<Go>'"):
        BinaryReader(io.BytesIO(b"<Go> \4"), "it", 6).expect("<End>")
    with pytest.raises(FormatError, match="expected the size byte 4 of an integer, found 8"):
        BinaryReader(io.BytesIO(b"\x08" + b"\0" * 8), "it", 9).int32()
    with pytest.raises(FormatError, match="found no space within"):
        BinaryReader(io.BytesIO(b"x" * 10_000), "it", 10_000).token()
    with pytest.raises(FormatError, match="is outside the file"):
        BinaryReader(io.BytesIO(b""), "it", 0).seek(1)


def test_double_precision_is_accepted_where_kaldi_accepts_it() -> None:
    content = b"\x08" + struct.pack("<d", 0.1) + b"DV \4" + struct.pack("<idd", 2, 0.1, 0.2)
    reader = BinaryReader(io.BytesIO(content), "it", len(content))
    assert reader.float32() == 0.1
    assert reader.float_vector().tolist() == [0.1, 0.2]


def test_single_integers_follow_their_size_bytes() -> None:
    assert sized_ints(np.array([1, -1])) == b"\4\1\0\0\0\4\xff\xff\xff\xff"


def test_a_corrupt_gzip_stream_is_a_format_error() -> None:
    packed = gzip.compress(b"\4" + struct.pack("<i", 50) + bytes(range(200)), mtime=0)
    for corrupt in (packed[:30], b"\0" + packed[1:], packed[:10] + b"\xff" + packed[11:]):
        with pytest.raises(FormatError), gzip.open(io.BytesIO(corrupt)) as stream:
            BinaryReader(cast(IO[bytes], stream), "it").int_vector()
