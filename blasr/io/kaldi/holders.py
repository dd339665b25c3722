"""The kinds of values that a table can hold, and how each is read and written (``util/kaldi-holder``)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, Literal, TypeVar

import numpy as np

from blasr.errors import DataError
from blasr.io.kaldi import posteriors
from blasr.io.kaldi.binary_streams import BinaryReader, BinaryWriter, sized_ints
from blasr.io.kaldi.compression import COMPRESSED_KINDS, CompressionMethod, read_compressed, write_compressed
from blasr.io.kaldi.model_stream import Writer
from blasr.io.kaldi.plain_archives import read_plain_matrices
from blasr.io.kaldi.posteriors import Posterior
from blasr.io.kaldi.text_streams import TextReader, TextWriter
from blasr.units import AnyArray, IntArray

T = TypeVar("T")


@dataclass(frozen=True)
class Holder(Generic[T]):
    """One kind of value: functions that read and write it after its key, and after ``\\0B`` in the binary form.

    Attributes:
        what: the name of the kind in errors, for example "a matrix".
        read_binary: reads the binary form; None if there is none, as for tokens.
        read_text: reads the text form; None if there is none, as for waves.
        write_binary: writes the binary form; None if there is none.
        write_text: writes the text form; None if there is none.
        has_header: whether ``\\0B`` marks the binary form. If not (lattices, waves), ``read_binary`` recognizes the
            form of the value by itself.
        text_end: the byte that ends a value in text form; a newline follows it or is that byte.
        entry_start: matches the key (its first group), ``\\0B`` and the sizes of a value in its usual binary form, all
            in one step. Archives of many small values are read several times faster this way.
        read_after_start: reads what follows ``entry_start``.
        read_plain_archive: reads an uncompressed archive, given its file descriptor and size, as long as values have
            the usual binary form; it returns the offset where it stopped.
    """

    what: str
    read_binary: Callable[[BinaryReader], T] | None
    read_text: Callable[[TextReader], T] | None
    write_binary: Callable[[BinaryWriter, T], None] | None
    write_text: Callable[[TextWriter, T], None] | None
    has_header: bool = True
    text_end: Literal[b"\n", b"]"] = b"\n"
    entry_start: re.Pattern[bytes] | None = None
    read_after_start: Callable[[BinaryReader, re.Match[bytes]], T] | None = None
    read_plain_archive: Callable[[int, int], Generator[tuple[str, T], None, int]] | None = None

    def read(self, reader: BinaryReader | TextReader) -> T:
        """Read a value in the form of the reader; :class:`FormatError` if the kind has no such form."""
        if isinstance(reader, BinaryReader):
            if self.read_binary is not None:
                return self.read_binary(reader)
        elif self.read_text is not None:
            return self.read_text(reader)
        raise reader.error(f"{self.what} has no {'binary' if reader.binary else 'text'} form")

    def write(self, writer: Writer, value: T) -> None:
        """Write a value in the form of the writer; :class:`DataError` if the kind has no such form."""
        if isinstance(writer, BinaryWriter):
            if self.write_binary is None:
                raise DataError(f"{self.what} has no binary form", fix="write it with the option t")
            self.write_binary(writer, value)
        else:
            if self.write_text is None:
                raise DataError(f"{self.what} has no text form", fix="write it without the option t")
            self.write_text(writer, value)


_MATRIX_START: Final = re.compile(rb"([!-~]+) \0B(?:([FD])M \x04(....)\x04(....)|(CM[23]?) )", re.DOTALL)
_FLOATS: Final[dict[bytes, np.dtype[Any]]] = {b"F": np.dtype("<f4"), b"D": np.dtype("<f8")}


def _read_matrix(reader: BinaryReader) -> AnyArray:
    kind = reader.token("a matrix")
    return read_compressed(reader, kind) if kind in COMPRESSED_KINDS else reader.float_matrix(kind=kind)


def _read_matrix_after_start(reader: BinaryReader, start: re.Match[bytes]) -> AnyArray:
    _, kind, rows_bytes, columns_bytes, compressed = start.groups()
    if compressed:
        return read_compressed(reader, compressed.decode())
    rows, columns = (int.from_bytes(size, "little", signed=True) for size in (rows_bytes, columns_bytes))
    reader.check_count(min(rows, columns), 0, "rows or columns")
    return reader.values(_FLOATS[kind], rows * columns, "a matrix").reshape(rows, columns)


def _write_matrix(writer: Writer, matrix: AnyArray) -> None:
    writer.float_matrix(matrix)


MATRIX: Final = Holder[AnyArray](
    "a matrix",
    _read_matrix,
    TextReader.float_matrix,
    _write_matrix,
    _write_matrix,
    text_end=b"]",
    entry_start=_MATRIX_START,
    read_after_start=_read_matrix_after_start,
    read_plain_archive=read_plain_matrices,
)
"""Matrices ``(T, F)``: read as they are stored (compressed ones as float32), written in 32 bits."""


def _write_double_matrix(writer: Writer, matrix: AnyArray) -> None:
    writer.float_matrix(matrix, double=True)


DOUBLE_MATRIX: Final = replace(MATRIX, write_binary=_write_double_matrix, write_text=_write_double_matrix)
"""Matrices written in 64 bits, such as statistics."""


def compressed_matrix(method: CompressionMethod = CompressionMethod.AUTOMATIC) -> Holder[AnyArray]:
    """Matrices written compressed. The text form has the same values as the compressed one."""

    def write_binary(writer: BinaryWriter, matrix: AnyArray) -> None:
        write_compressed(writer.stream, matrix, method)

    def write_text(writer: TextWriter, matrix: AnyArray) -> None:
        stream = io.BytesIO()
        write_compressed(stream, matrix, method)
        reader = BinaryReader(io.BytesIO(stream.getvalue()), "a compressed matrix", stream.tell())
        writer.float_matrix(_read_matrix(reader))

    return replace(MATRIX, write_binary=write_binary, write_text=write_text)


def _write_vector(writer: Writer, vector: AnyArray) -> None:
    writer.float_vector(vector)


def _write_double_vector(writer: Writer, vector: AnyArray) -> None:
    writer.float_vector(vector, double=True)


VECTOR: Final = Holder[AnyArray](
    "a vector", BinaryReader.float_vector, TextReader.float_vector, _write_vector, _write_vector, text_end=b"]"
)
"""Vectors ``(N,)``: read as they are stored, written in 32 bits."""
DOUBLE_VECTOR: Final = replace(VECTOR, write_binary=_write_double_vector, write_text=_write_double_vector)
"""Vectors written in 64 bits."""

_INT_VECTOR_START: Final = re.compile(rb"([!-~]+) \0B\x04(....)", re.DOTALL)


def _read_int_vector(reader: BinaryReader) -> IntArray:
    return reader.sized_ints(reader.int32("the length of a vector of integers"), "integers")


def _read_int_vector_after_start(reader: BinaryReader, start: re.Match[bytes]) -> IntArray:
    return reader.sized_ints(int.from_bytes(start[2], "little", signed=True), "integers")


def _write_int_vector(writer: BinaryWriter, values: AnyArray) -> None:
    array = np.asarray(values)
    writer.int32(array.size)
    writer.raw(sized_ints(array))


def _write_int_vector_text(writer: TextWriter, values: AnyArray) -> None:
    for value in np.asarray(values).tolist():
        writer.int32(value)
    writer.newline()


INT_VECTOR: Final = Holder[AnyArray](
    "a vector of integers",
    _read_int_vector,
    lambda reader: reader.integers(reader.rest()),
    _write_int_vector,
    _write_int_vector_text,
    entry_start=_INT_VECTOR_START,
    read_after_start=_read_int_vector_after_start,
)
"""Vectors of int32 ``(T,)``, for example alignments."""


def _read_int_vectors(reader: BinaryReader) -> Sequence[AnyArray]:
    count = reader.check_count(reader.int32("the number of vectors"), 5, "vectors")
    return [_read_int_vector(reader) for _ in range(count)]


def _read_int_vectors_text(reader: TextReader) -> Sequence[AnyArray]:
    vectors: list[IntArray] = []
    tokens: list[str] = []
    for token in reader.rest():
        if token == ";":
            vectors.append(reader.integers(tokens))
            tokens = []
        else:
            tokens.append(token)
    if tokens:
        raise reader.error("a vector of integers does not end with a semicolon")
    return vectors


def _write_int_vectors(writer: BinaryWriter, vectors: Sequence[AnyArray]) -> None:
    writer.int32(len(vectors))
    for vector in vectors:
        _write_int_vector(writer, vector)


def _write_int_vectors_text(writer: TextWriter, vectors: Sequence[AnyArray]) -> None:
    for vector in vectors:
        for value in np.asarray(vector).tolist():
            writer.int32(value)
        writer.token(";")
    writer.newline()


INT_VECTORS: Final = Holder[Sequence[AnyArray]](
    "vectors of integers", _read_int_vectors, _read_int_vectors_text, _write_int_vectors, _write_int_vectors_text
)
"""Several vectors of int32. In text form a semicolon ends each."""


def _read_int_pairs(reader: BinaryReader) -> AnyArray:
    return reader.int_rows(reader.int32("the number of pairs"), 2, "pairs of integers")


def _read_int_pairs_text(reader: TextReader) -> AnyArray:
    tokens = reader.rest()
    pairs = reader.integers([token for number, token in enumerate(tokens) if number % 3 != 2])
    if any(token != ";" for token in tokens[2::3]) or pairs.size % 2 or (tokens and len(tokens) % 3 != 2):
        raise reader.error("expected pairs of integers with semicolons between them")
    return pairs.reshape(-1, 2)


def _write_int_pairs(writer: BinaryWriter, pairs: AnyArray) -> None:
    rows = np.asarray(pairs).reshape(-1, 2)
    writer.int32(len(rows))
    writer.raw(sized_ints(rows))


def _write_int_pairs_text(writer: TextWriter, pairs: AnyArray) -> None:
    for number, (first, second) in enumerate(np.asarray(pairs).reshape(-1, 2).tolist()):
        if number:
            writer.token(";")
        writer.int32(first)
        writer.int32(second)
    writer.newline()


INT_PAIRS: Final = Holder[AnyArray](
    "pairs of integers", _read_int_pairs, _read_int_pairs_text, _write_int_pairs, _write_int_pairs_text
)
"""Pairs of int32 ``(N, 2)``, for example phones and their durations. In text form semicolons separate them."""

POSTERIOR: Final = Holder[Posterior](
    "a posterior",
    posteriors.read_posterior,
    posteriors.read_posterior_text,
    posteriors.write_posterior,
    posteriors.write_posterior_text,
)
"""Ids and their weights for every frame."""


def _read_int_text(reader: TextReader) -> int:
    return _check_one_value(reader, reader.int32())


def _write_int(writer: Writer, value: int) -> None:
    writer.int32(value)
    writer.newline()


INT: Final = Holder[int]("an integer", BinaryReader.int32, _read_int_text, _write_int, _write_int)
"""Single int32, for example in ``utt2num_frames``."""


def _read_token(reader: TextReader) -> str:
    return _check_one_value(reader, reader.token())


def _write_token(writer: TextWriter, token: str) -> None:
    if token.split() != [token]:
        raise DataError(f"{token!r} is not a token: it is empty or contains white space")
    writer.line(token)


TOKEN: Final = Holder[str]("a token", None, _read_token, None, _write_token)
"""One word for every key, for example in ``utt2spk``; always text."""


def _check_one_value(reader: TextReader, value: T) -> T:
    """Return the value of a line if nothing follows it."""
    if more := reader.rest():
        raise reader.error(f"expected one value, found {more[0][:80]!r} after it")
    return value
