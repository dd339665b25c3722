"""Opening a file of one Kaldi object, such as a model or a tree, in whichever of the two forms it has."""

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
Writer = BinaryWriter | TextWriter


@contextmanager
def open_reader(path: str | os.PathLike[str]) -> Iterator[Reader]:
    """A reader behind the header of a binary file, or of a text file; :class:`FormatError` if it cannot be opened.

    ``-`` is the standard input, and a name ending in .gz a gzipped file.
    """
    with open_input(os.fspath(path)) as (stream, size):
        yield reader_of(BinaryReader(stream, path, size))


def reader_of(reader: BinaryReader) -> Reader:
    """A reader of the object at a reader's position: behind its header if it is binary, else of the text that is left.

    Raises:
        FormatError: neither Kaldi's binary form nor UTF-8 text.
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
    """A writer of an atomically written file, its header written; ``-`` is the standard output."""
    with open_output(os.fspath(path)) as stream:
        if binary:
            stream.write(BINARY_HEADER)
            yield BinaryWriter(stream)
        else:
            text = io.StringIO()
            yield TextWriter(text)
            stream.write(text.getvalue().encode())
