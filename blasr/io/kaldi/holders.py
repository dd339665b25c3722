"""What a table can hold, and how each kind is read and written (``util/kaldi-holder``)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, Literal, TypeVar

import numpy as np

from blasr.errors import DataError
from blasr.io.kaldi.binary_streams import BinaryReader, BinaryWriter, sized_ints
from blasr.io.kaldi.compression import COMPRESSED_KINDS, CompressionMethod, read_compressed, write_compressed
from blasr.io.kaldi.model_stream import Reader, Writer
from blasr.io.kaldi.posteriors import Posterior, read_posterior, write_posterior
from blasr.io.kaldi.text_streams import TextReader, TextWriter
from blasr.units import AnyArray, IntArray

T = TypeVar("T")


@dataclass(frozen=True)
class Holder(Generic[T]):
    """One kind of value.

    Attributes:
        what: its name in errors.
        read: reads a value behind its key and header.
        write: writes a value behind its key and header.
        text_end: the byte that ends a value in text; a new line follows it or is it.
        form: ``"either"``; ``"text"`` where there is no binary form (tokens); ``"bare"`` where the values tell their
            form themselves, without Kaldi's header (lattices, waves): their reader is always a binary one.
        head: matches, in one step, the key (its first group), the header and the sizes of a value in its usual binary
            form; archives of many small values are read several times faster so.
        read_body: reads what is behind such a head.
    """

    what: str
    read: Callable[[Reader], T]
    write: Callable[[Writer, T], None]
    text_end: Literal[b"\n", b"]"] = b"\n"
    form: Literal["either", "text", "bare"] = "either"
    head: re.Pattern[bytes] | None = None
    read_body: Callable[[BinaryReader, re.Match[bytes]], T] | None = None


def _read_matrix(reader: Reader) -> AnyArray:
    if isinstance(reader, TextReader):
        return reader.float_matrix()
    kind = reader.token("a matrix")
    return read_compressed(reader, kind) if kind in COMPRESSED_KINDS else reader.float_matrix(kind=kind)


_MATRIX_HEAD: Final = re.compile(rb"([!-~]+) \0B(?:([FD])M \x04(....)\x04(....)|(CM[23]?) )", re.DOTALL)
_FLOATS: Final[dict[bytes, np.dtype[Any]]] = {b"F": np.dtype("<f4"), b"D": np.dtype("<f8")}


def _read_matrix_body(reader: BinaryReader, head: re.Match[bytes]) -> AnyArray:
    _, kind, rows_bytes, columns_bytes, compressed = head.groups()
    if compressed:
        return read_compressed(reader, compressed.decode())
    rows, columns = (int.from_bytes(size, "little", signed=True) for size in (rows_bytes, columns_bytes))
    reader.check_count(min(rows, columns), 0, "rows or columns")
    return reader.values(_FLOATS[kind], rows * columns, "a matrix").reshape(rows, columns)


def _read_vector(reader: Reader) -> AnyArray:
    return reader.float_vector()


MATRIX: Final = Holder[AnyArray](
    "a matrix",
    _read_matrix,
    lambda writer, matrix: writer.float_matrix(matrix),
    b"]",
    head=_MATRIX_HEAD,
    read_body=_read_matrix_body,
)
"""Matrices ``(T, F)``, read as they are stored (compressed ones as float32), written in 32 bits."""
DOUBLE_MATRIX: Final = replace(MATRIX, write=lambda writer, matrix: writer.float_matrix(matrix, double=True))
"""Matrices written in 64 bits."""
VECTOR: Final = Holder[AnyArray]("a vector", _read_vector, lambda writer, vector: writer.float_vector(vector), b"]")
"""Vectors ``(N,)``, read as they are stored, written in 32 bits."""
DOUBLE_VECTOR: Final = replace(VECTOR, write=lambda writer, vector: writer.float_vector(vector, double=True))
"""Vectors written in 64 bits."""


def compressed_matrix(method: CompressionMethod = CompressionMethod.AUTOMATIC) -> Holder[AnyArray]:
    """Matrices written compressed; in text they are written as the values that the compressed form holds."""

    def write(writer: Writer, matrix: AnyArray) -> None:
        if isinstance(writer, BinaryWriter):
            write_compressed(writer.stream, matrix, method)
        else:
            writer.float_matrix(_through_compression(matrix, method))

    return replace(MATRIX, write=write)


def _through_compression(matrix: AnyArray, method: CompressionMethod) -> AnyArray:
    stream = io.BytesIO()
    write_compressed(stream, matrix, method)
    reader = BinaryReader(io.BytesIO(stream.getvalue()), "a compressed matrix", stream.tell())
    return _read_matrix(reader)


def _read_int_vector(reader: Reader) -> IntArray:
    if isinstance(reader, TextReader):
        return reader.integers(reader.rest())
    return reader.sized_ints(reader.int32("the length of a vector of integers"), "integers")


def _write_int_vector(writer: Writer, values: AnyArray) -> None:
    array = np.asarray(values)
    if isinstance(writer, BinaryWriter):
        writer.int32(array.size)
        writer.raw(sized_ints(array))
    else:
        for value in array.tolist():
            writer.int32(value)
        writer.newline()


_INT_VECTOR_HEAD: Final = re.compile(rb"([!-~]+) \0B\x04(....)", re.DOTALL)


def _read_int_vector_body(reader: BinaryReader, head: re.Match[bytes]) -> IntArray:
    return reader.sized_ints(int.from_bytes(head[2], "little", signed=True), "integers")


INT_VECTOR: Final = Holder[AnyArray](
    "a vector of integers",
    _read_int_vector,
    _write_int_vector,
    head=_INT_VECTOR_HEAD,
    read_body=_read_int_vector_body,
)
"""Vectors of int32 ``(T,)``, such as alignments."""


def _read_int_vectors(reader: Reader) -> list[IntArray]:
    if isinstance(reader, BinaryReader):
        count = reader.check_count(reader.int32("the number of vectors"), 5, "vectors")
        return [_read_int_vector(reader) for _ in range(count)]
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


def _write_int_vectors(writer: Writer, vectors: Sequence[AnyArray]) -> None:
    if isinstance(writer, BinaryWriter):
        writer.int32(len(vectors))
        for vector in vectors:
            _write_int_vector(writer, vector)
    else:
        for vector in vectors:
            for value in np.asarray(vector).tolist():
                writer.int32(value)
            writer.token(";")
        writer.newline()


INT_VECTORS: Final = Holder[Sequence[AnyArray]]("vectors of integers", _read_int_vectors, _write_int_vectors)
"""Several vectors of int32; in text a semicolon ends each."""


def _read_int_pairs(reader: Reader) -> IntArray:
    if isinstance(reader, BinaryReader):
        return reader.int_rows(reader.int32("the number of pairs"), 2, "pairs of integers")
    tokens = reader.rest()
    pairs = reader.integers([token for number, token in enumerate(tokens) if number % 3 != 2])
    if any(token != ";" for token in tokens[2::3]) or pairs.size % 2 or (tokens and len(tokens) % 3 != 2):
        raise reader.error("expected pairs of integers with semicolons between them")
    return pairs.reshape(-1, 2)


def _write_int_pairs(writer: Writer, pairs: AnyArray) -> None:
    rows = np.asarray(pairs).reshape(-1, 2)
    if isinstance(writer, BinaryWriter):
        writer.int32(len(rows))
        writer.raw(sized_ints(rows))
    else:
        for number, (first, second) in enumerate(rows.tolist()):
            if number:
                writer.token(";")
            writer.int32(first)
            writer.int32(second)
        writer.newline()


INT_PAIRS: Final = Holder[AnyArray]("pairs of integers", _read_int_pairs, _write_int_pairs)
"""Pairs of int32 ``(N, 2)``, such as phones and their lengths; in text semicolons stand between them."""

POSTERIOR: Final = Holder[Posterior]("a posterior", read_posterior, write_posterior)
"""Ids and weights for every frame."""


def _read_whole_line(read: Callable[[Reader], T]) -> Callable[[Reader], T]:
    def read_line(reader: Reader) -> T:
        value = read(reader)
        if isinstance(reader, TextReader) and (more := reader.rest()):
            raise reader.error(f"expected one value, found {more[0][:80]!r} behind it")
        return value

    return read_line


def _write_int(writer: Writer, value: int) -> None:
    writer.int32(value)
    writer.newline()


def _write_float(writer: Writer, value: float) -> None:
    writer.float32(value)
    writer.newline()


INT: Final = Holder[int]("an integer", _read_whole_line(lambda reader: reader.int32()), _write_int)
"""Single int32, such as ``utt2num_frames``."""
FLOAT: Final = Holder[float]("a number", _read_whole_line(lambda reader: reader.float32()), _write_float)
"""Single 32-bit floats."""


def _checked(token: str) -> str:
    if token.split() != [token]:
        raise DataError(f"{token!r} cannot be a token: it is empty or holds white space")
    return token


def _write_token(writer: Writer, token: str) -> None:
    assert isinstance(writer, TextWriter)
    writer.line(_checked(token))


TOKEN: Final = Holder[str]("a token", _read_whole_line(lambda reader: reader.token()), _write_token, form="text")
"""One word for every key, such as ``utt2spk``; always text."""


def _read_tokens(reader: Reader) -> Sequence[str]:
    assert isinstance(reader, TextReader)
    return reader.rest()


def _write_tokens(writer: Writer, tokens: Sequence[str]) -> None:
    assert isinstance(writer, TextWriter)
    writer.line(" ".join(map(_checked, tokens)))


TOKENS: Final = Holder[Sequence[str]]("words", _read_tokens, _write_tokens, form="text")
"""Words, such as ``text``; always text."""
