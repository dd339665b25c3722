"""Opening a file of one Kaldi object, such as a model or a tree, in whichever of the two forms it has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from blasr.errors import FormatError
from blasr.io.atomic import atomic_open
from blasr.io.binary import BINARY_HEADER, BinaryReader, BinaryWriter
from blasr.io.text import TextReader, TextWriter

Reader = BinaryReader | TextReader
Writer = BinaryWriter | TextWriter


@contextmanager
def open_reader(path: str | os.PathLike[str]) -> Iterator[Reader]:
    """A reader behind the header of a binary file, or of a text file; :class:`FormatError` if it cannot be opened."""
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(Path(path).open("rb"))
        except OSError as error:
            raise FormatError(f"cannot be opened: {error.strerror}", path=path) from None
        if stream.read(len(BINARY_HEADER)) == BINARY_HEADER:
            reader = BinaryReader(stream, path, os.fstat(stream.fileno()).st_size)
            reader.seek(len(BINARY_HEADER))
            yield reader
        else:
            stream.seek(0)
            try:
                text = stream.read().decode("utf-8")
            except UnicodeDecodeError as error:
                message = f"byte {error.start}: neither Kaldi's binary form nor UTF-8 text"
                raise FormatError(message, path=path) from None
            yield TextReader(text, path)


@contextmanager
def open_writer(path: str | os.PathLike[str], *, binary: bool = True) -> Iterator[Writer]:
    """A writer of an atomically written file, its header written."""
    if binary:
        with atomic_open(path, "wb") as stream:
            stream.write(BINARY_HEADER)
            yield BinaryWriter(stream)
    else:
        with atomic_open(path, "w") as text:
            yield TextWriter(text)
