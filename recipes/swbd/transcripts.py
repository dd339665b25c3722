"""Lines and times of the text files on LDC's discs."""

from __future__ import annotations

from pathlib import Path

from blasr.errors import FormatError
from blasr.io.nist.times import parse_seconds


def read_lines(path: Path) -> list[str]:
    """Return the lines of a text file in Latin-1, the encoding of LDC's files.

    Raises:
        FormatError: the file cannot be read.
    """
    try:
        return path.read_text(encoding="latin-1").splitlines()
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", path=path) from None


def parse_span(start_text: str, end_text: str, path: Path, line: int) -> tuple[float, float]:
    """Return the start and the end of a segment in seconds.

    Raises:
        FormatError: one of them is not a time, or the segment does not end after its start.
    """
    start, end = (parse_seconds(text, "time", path, line) for text in (start_text, end_text))
    if end <= start:
        raise FormatError(f"ends at {end:g} s, not after its start at {start:g} s", path=path, line=line)
    return start, end
