"""CTM files, NIST's list of words with their times: ``recording channel start duration word [confidence]``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from blasr.errors import FormatError
from blasr.io.atomic import atomic_open


@dataclass(frozen=True, slots=True)
class CtmWord:
    """A word and where it lies in its recording; ``confidence``, from 0 to 1, may be unknown."""

    recording: str
    channel: str
    start_seconds: float
    duration_seconds: float
    word: str
    confidence: float | None = None

    def __str__(self) -> str:
        line = f"{self.recording} {self.channel} {self.start_seconds:.3f} {self.duration_seconds:.3f} {self.word}"
        return line if self.confidence is None else f"{line} {self.confidence:.2f}"


def read_ctm(path: Path) -> Iterator[CtmWord]:
    """Yield the words of a CTM file in its order; comments (``;;``) and empty lines are passed over.

    Raises:
        FormatError: with file and line, where a line is not a CTM line or a time is negative or not finite.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FormatError(f"cannot be read: {error}", path=path, fix="give the path of a CTM file") from None
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if not fields or line.startswith(";;"):
            continue
        if len(fields) not in (5, 6):
            raise FormatError(
                f"found {len(fields)} fields, expected recording, channel, start, duration, word and maybe confidence",
                path=path,
                line=number,
            )
        recording, channel, start, duration, word = fields[:5]
        yield CtmWord(
            recording,
            channel,
            _number(start, "start", path, number),
            _number(duration, "duration", path, number),
            word,
            _number(fields[5], "confidence", path, number) if len(fields) == 6 else None,
        )


def write_ctm(path: Path, words: Iterable[CtmWord]) -> int:
    """Write words in the order given, times to the millisecond; returns how many."""
    count = 0
    with atomic_open(path, "w") as file:
        for word in words:
            file.write(f"{word}\n")
            count += 1
    return count


def _number(text: str, what: str, path: Path, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise FormatError(f"the {what} is {text!r}, expected a number from 0 up", path=path, line=line)
    return value
