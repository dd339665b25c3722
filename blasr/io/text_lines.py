"""The lines of text files that people write: lexicons, transcripts, symbol tables, NIST's files. One reader for all.

A file is read line by line, so its size does not matter. Lines end in ``\\n``, ``\\r\\n`` or ``\\r``; a byte order mark
at the beginning is not part of the first line. A file whose name ends in ``.gz`` is decompressed.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from blasr.errors import FormatError

_ENCODING: Final = "utf-8-sig"
_FIRST_SURROGATE: Final = 0xDC00  # "surrogateescape" decodes a byte b that is not UTF-8 to U+DC00 + b


def read_lines(path: str | os.PathLike[str], *, fix: str | None = "check the path") -> Iterator[tuple[int, str]]:
    """Yield the lines of a UTF-8 file and their numbers, which count from 1; the end of the line is removed.

    Args:
        path: the file.
        fix: what to do if the file cannot be read.

    Raises:
        FormatError: the file cannot be read, or a line is not UTF-8.
    """
    try:
        with _open_text(Path(path)) as stream:
            for number, line in enumerate(stream, start=1):
                if not line.isascii():
                    _check_utf8(line, path, number)
                yield number, line.removesuffix("\n")
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FormatError(f"cannot be read: {reason}", path=path, fix=fix) from None


def read_fields(path: str | os.PathLike[str], *, fix: str | None = "check the path") -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of every line that has any, and the line's number. White space separates fields.

    Arguments and errors are those of :func:`read_lines`.
    """
    for number, line in read_lines(path, fix=fix):
        if fields := line.split():
            yield number, fields


def _open_text(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=_ENCODING, errors="surrogateescape")
    return path.open(encoding=_ENCODING, errors="surrogateescape")


def _check_utf8(line: str, path: str | os.PathLike[str], number: int) -> None:
    try:
        line.encode()
    except UnicodeEncodeError as error:
        byte = ord(line[error.start]) - _FIRST_SURROGATE
        raise FormatError(
            f"the byte 0x{byte:02x} is not UTF-8", path=path, line=number, fix="convert the file to UTF-8"
        ) from None
