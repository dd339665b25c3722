"""Files of one Kaldi object, such as a model or a tree, in binary or in text form."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager

from blasr.errors import FormatError
from blasr.io.kaldi.binary_streams import BINARY_HEADER, BinaryReader, BinaryWriter
from blasr.io.kaldi.extended_filenames import open_input, open_output
from blasr.io.kaldi.text_streams import TextReader, TextWriter

Reader = BinaryReader | TextReader
"""A reader of either form; both have the same methods."""
Writer = BinaryWriter | TextWriter
"""A writer of either form; both have the same methods."""


@contextmanager
def open_reader(path: str | os.PathLike[str]) -> Iterator[Reader]:
    """Open a file in the form it has: after ``\\0B`` if it is binary, otherwise as text.

    ``-`` is the standard input. A file is decompressed if its name ends in ``.gz``.

    Raises:
        FormatError: the file cannot be opened, or has neither form.
    """
    with open_input(os.fspath(path)) as (stream, size):
        yield reader_of(BinaryReader(stream, path, size))


def reader_of(reader: BinaryReader) -> Reader:
    """Return a reader of the object at the current position: the same one after ``\\0B``, or one of the rest as text.

    Raises:
        FormatError: the object has neither Kaldi's binary form nor UTF-8 text.
    """
    if reader.at(BINARY_HEADER[:1]):
        if (header := reader.take(len(BINARY_HEADER), "a header")) != BINARY_HEADER:
            raise reader.error(f"expected Kaldi's binary form or text, found {header!r}")
        return reader
    try:
        text = reader.rest().decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"byte {error.start}: neither Kaldi's binary form nor UTF-8 text"
        raise FormatError(message, path=reader.path) from None
    return TextReader(text, reader.path)


@contextmanager
def open_writer(path: str | os.PathLike[str], *, binary: bool = True) -> Iterator[Writer]:
    """Open a file for writing one object; it appears when it is complete. ``-`` is the standard output."""
    with open_output(os.fspath(path)) as stream:
        if binary:
            stream.write(BINARY_HEADER)
            yield BinaryWriter(stream)
        else:
            text = io.StringIO()
            yield TextWriter(text)
            stream.write(text.getvalue().encode())
