"""Opening what Kaldi calls extended filenames: files, gzipped files, ``-`` and commands (``util/kaldi-io``)."""

from __future__ import annotations

import gzip
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

from blasr.errors import DataError, FormatError
from blasr.io.atomic import atomic_open
from blasr.io.kaldi.pipes import (
    compressed_file,
    decompressed_files,
    is_command,
    open_pipeline,
    open_sink,
    refuse_command,
)
from blasr.io.text_lines import GZIP_BYTES

_BUFFER_BYTES: Final = 1 << 10
"""Bytes read ahead: enough for headers and small values. Larger values are read into their arrays, past the buffer."""
_READ_FIX: Final = "name the file itself (it is decompressed if it is gzipped), or allow commands with --allow-pipes"
_WRITE_FIX: Final = "name a file (it is compressed if it ends in .gz), or allow commands with --allow-pipes"


@contextmanager
def open_input(name: str, *, allow_pipes: bool = False) -> Iterator[tuple[BinaryIO, int | None]]:
    """Open a stream of decompressed bytes; yield it and its size, which is None if it is not known beforehand.

    Args:
        name: a file, ``-`` for the standard input, or a command that ends in ``|``. Commands that only decompress or
            concatenate files (``gunzip -c FILE... |``, ``zcat``, ``cat``) are not run: the files are read instead.
        allow_pipes: run other commands.

    Raises:
        FormatError: a file cannot be opened, or commands are not allowed.
        DataError: a command failed.
    """
    if name == "-":
        yield sys.stdin.buffer, None
        return
    with ExitStack() as stack:
        if not is_command(name):
            yield _open_file(name, stack)
            return
        files = decompressed_files(name)
        if files is None:
            if not allow_pipes:
                refuse_command(name, fix=_READ_FIX)
            stream: Any = stack.enter_context(open_pipeline(name))
            yield stream, None
        else:
            yield stack.enter_context(io.BufferedReader(_ConcatenatedFiles(files), _BUFFER_BYTES)), None


def _open_file(path: str, stack: ExitStack) -> tuple[BinaryIO, int | None]:
    """Open a file, and decompress it if it begins with gzip's two bytes, whatever its name."""
    try:
        stream: Any = stack.enter_context(Path(path).open("rb", buffering=_BUFFER_BYTES))  # noqa: SIM115 (by the stack)
    except OSError as error:
        raise FormatError(f"cannot be opened: {error.strerror}", path=path) from None
    size: int | None = os.fstat(stream.fileno()).st_size if Path(path).is_file() else None
    if size == 0 and path.endswith(".gz"):
        raise FormatError("the file is empty; a gzipped file has at least a header", path=path)
    start = stream.peek(2)[:2] if size is None else os.pread(stream.fileno(), 2, 0)  # the position does not change
    if start == GZIP_BYTES:
        decompressed: Any = stack.enter_context(gzip.GzipFile(fileobj=stream))
        return stack.enter_context(io.BufferedReader(decompressed, _BUFFER_BYTES)), None
    return stream, size


class _ConcatenatedFiles(io.RawIOBase):
    """The contents of several files, one after the other; gzipped files are decompressed."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = list(reversed(paths))
        self._stack = ExitStack()
        self._stream: BinaryIO | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while True:
            if self._stream is None:
                if not self._paths:
                    return 0
                path = self._paths.pop()
                self._stream, _ = _open_file(path, self._stack)
            data = self._stream.read(len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
            self._stack.close()
            self._stream = None

    def close(self) -> None:
        self._stack.close()
        super().close()


@contextmanager
def open_output(name: str, *, allow_pipes: bool = False) -> Iterator[IO[bytes]]:
    """Open a byte stream for writing. A file appears when it is complete.

    Args:
        name: a file (gzipped if it ends in ``.gz``), ``-`` for the standard output, or a command that begins with
            ``|``. ``| gzip -c > FILE`` is not run: the file is compressed here.
        allow_pipes: run other commands.

    Raises:
        FormatError: commands are not allowed.
        DataError: a file cannot be written, or a command failed.
    """
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif (gzipped := compressed_file(name)) is not None:
        if not gzipped.endswith(".gz"):
            raise DataError("the name of a gzipped file must end in .gz", path=gzipped, fix="end its name in .gz")
        with atomic_open(gzipped, "wb") as stream:
            yield stream
    elif is_command(name):
        if not allow_pipes:
            refuse_command(name, fix=_WRITE_FIX)
        with open_sink(name) as sink:
            yield sink
    else:
        with atomic_open(name, "wb") as stream:
            yield stream
