"""Times and other numbers in NIST's text files."""

from __future__ import annotations

import math
from pathlib import Path

from blasr.errors import FormatError


def parse_seconds(text: str, what: str, path: Path, line: int, fix: str | None = None) -> float:
    """Parse a number of seconds.

    Args:
        text: the number.
        what: its name in errors, for example "start".
        path: the file, for errors.
        line: its line, for errors.
        fix: what to do if it is not a number.

    Raises:
        FormatError: the text is not a finite number, or is below 0.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise FormatError(f"the {what} is {text!r}, expected a number of at least 0", path=path, line=line, fix=fix)
    return value
