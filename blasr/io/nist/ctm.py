"""CTM files, NIST's lists of words with times: ``recording channel start duration word [confidence]``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from blasr.errors import FormatError
from blasr.io.atomic import atomic_open
from blasr.io.nist.times import parse_seconds
from blasr.io.text_lines import read_lines

_FIX: Final = "give a CTM file; text without times, such as Kaldi's text, is for `blasr score text`"
ALT_BEGIN, ALT, ALT_END = "<ALT_BEGIN>", "<ALT>", "<ALT_END>"


@dataclass(frozen=True, slots=True)
class CtmWord:
    """A word and its place in a recording.

    Attributes:
        recording: the recording.
        channel: its channel, as in the reference (``1``, ``A``).
        start_seconds: where the word starts.
        duration_seconds: how long it is.
        word: the word.
        confidence: from 0 to 1; None if it is not known.
        line: the line in the file, from 1.
    """

    recording: str
    channel: str
    start_seconds: float
    duration_seconds: float
    word: str
    confidence: float | None = None
    line: int = field(default=0, compare=False)

    def __str__(self) -> str:
        line = f"{self.recording} {self.channel} {self.start_seconds:.3f} {self.duration_seconds:.3f} {self.word}"
        return line if self.confidence is None else f"{line} {self.confidence:.2f}"


@dataclass(frozen=True, slots=True)
class CtmAlternatives:
    """A block of alternatives, from ``<ALT_BEGIN>`` to ``<ALT_END>``.

    Attributes:
        recording: the recording.
        channel: its channel.
        options: the alternatives, each a row of words; one of them may be empty.
        line: the line of ``<ALT_BEGIN>`` in the file, from 1.
    """

    recording: str
    channel: str
    options: tuple[tuple[CtmWord, ...], ...]
    line: int = field(default=0, compare=False)


def read_ctm(path: Path) -> Iterator[CtmWord]:
    """Yield the words of a CTM file in its order; comments (``;;``) and empty lines are skipped.

    Raises:
        FormatError: a line is not a CTM line, a time is negative or not finite, or the file has alternatives, which
            only :func:`read_ctm_items` reads.
    """
    for item in read_ctm_items(path):
        if isinstance(item, CtmAlternatives):
            message = "has alternatives (<ALT_BEGIN>), expected one row of words"
            raise FormatError(message, path=path, line=item.line)
        yield item


def read_ctm_items(path: Path) -> Iterator[CtmWord | CtmAlternatives]:
    """Yield the words and the blocks of alternatives of a CTM file in its order.

    Raises:
        FormatError: as in :func:`read_ctm`, or a block of alternatives is not well formed.
    """
    options: list[list[CtmWord]] | None = None
    first_line = 0
    for number, line in read_lines(path, fix="give the path of a CTM file"):
        fields = line.split()
        if not fields or line.startswith(";;"):
            continue
        tag = fields[4].upper() if len(fields) > 4 else ""
        if not tag.startswith("<ALT"):
            word = _word(path, number, fields)
            if options is None:
                yield word
            else:
                options[-1].append(word)
        elif tag == ALT_BEGIN and options is None:
            options, first_line = [[]], number
        elif tag == ALT and options is not None:
            options.append([])
        elif tag == ALT_END and options is not None:
            block = _block(path, first_line, fields[0], fields[1], options)
            options = None
            yield block
        else:
            inside = f"inside the block that begins on line {first_line}" if options is not None else "outside a block"
            raise FormatError(f"found {fields[4]} {inside}", path=path, line=number)
    if options is not None:
        raise FormatError("the <ALT_BEGIN> has no <ALT_END>", path=path, line=first_line)


def write_ctm(path: Path, words: Iterable[CtmWord]) -> int:
    """Write words in the given order, with times in milliseconds' precision; return how many."""
    count = 0
    with atomic_open(path, "w") as file:
        for word in words:
            file.write(f"{word}\n")
            count += 1
    return count


def _word(path: Path, number: int, fields: list[str]) -> CtmWord:
    if len(fields) not in (5, 6):
        raise FormatError(
            f"found {len(fields)} fields, expected recording, channel, start, duration, word and confidence, if known",
            path=path,
            line=number,
            fix=_FIX,
        )
    recording, channel, start, duration, word = fields[:5]
    return CtmWord(
        recording,
        channel,
        parse_seconds(start, "start", path, number, fix=_FIX),
        parse_seconds(duration, "duration", path, number, fix=_FIX),
        word,
        parse_seconds(fields[5], "confidence", path, number) if len(fields) == 6 else None,
        number,
    )


def _block(path: Path, line: int, recording: str, channel: str, options: list[list[CtmWord]]) -> CtmAlternatives:
    words = [word for option in options for word in option]
    if not words:
        raise FormatError("the alternatives have no words", path=path, line=line)
    for word in words:
        if (word.recording, word.channel) != (recording, channel):
            message = f"found {word.recording} {word.channel} among alternatives of {recording} {channel}"
            raise FormatError(message, path=path, line=word.line)
    return CtmAlternatives(recording, channel, tuple(map(tuple, options)), line)
