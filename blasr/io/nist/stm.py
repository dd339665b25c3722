"""STM files, NIST's reference transcripts in segments: ``recording channel speaker start end [<labels>] words``."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from blasr.errors import FormatError
from blasr.io.nist.times import parse_seconds
from blasr.io.text_lines import describe_lines, read_lines

logger: Final = logging.getLogger(__name__)
_LABEL: Final = re.compile(r';;\s*LABEL\s+"([^"]*)"\s+"([^"]*)"\s+"([^"]*)"')
_FIX: Final = "give an STM file; references without times, such as Kaldi's text, are for `blasr score text`"
_SAME_SECONDS: Final = 1e-3
_IGNORED: Final = "ignore_time_segment_in_scoring"


@dataclass(frozen=True, slots=True)
class StmSegment:
    """A segment of one channel of a recording, and what is said in it.

    Attributes:
        recording: the recording.
        channel: its channel.
        speaker: the speaker.
        start_seconds: where the segment starts.
        end_seconds: where it ends.
        labels: the names between ``<`` and ``>``.
        text: the words in NIST's markup: alternatives ``{ a / b c / @ }``, optionally deletable ``(word)``,
            fragments ``-word`` and ``word-``.
        line: the line in the file, from 1.
    """

    recording: str
    channel: str
    speaker: str
    start_seconds: float
    end_seconds: float
    labels: tuple[str, ...]
    text: str
    line: int = field(default=0, compare=False)

    @property
    def ignored(self) -> bool:
        """Whether the segment, and every hypothesis word in it, is left out of the score."""
        return _IGNORED in self.text.lower()

    def __str__(self) -> str:
        labels = f" <{','.join(self.labels)}>" if self.labels else ""
        times = f"{self.start_seconds!r} {self.end_seconds!r}"
        return f"{self.recording} {self.channel} {self.speaker} {times}{labels} {self.text}".rstrip()


@dataclass(frozen=True, slots=True)
class StmLabel:
    """A label that a line ``;; LABEL "id" "title" "description"`` defines."""

    id: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Stm:
    """The segments of a file, in its order, and the labels that its comments define."""

    segments: tuple[StmSegment, ...]
    labels: tuple[StmLabel, ...]


def read_stm(path: Path) -> Stm:
    """Read an STM file; segments of one channel that overlap are counted in a warning.

    Raises:
        FormatError: a line is not a segment, ends before it starts, or has unpaired brackets or braces; or the file
            cannot be read or has no segments.
    """
    lines = [line for _, line in read_lines(path, fix="give the path of an STM file")]
    labels = tuple(StmLabel(*match.groups()) for match in map(_LABEL.match, lines) if match)
    segments = tuple(_segments(path, lines))
    if not segments:
        raise FormatError("has no segments", path=path, fix="give the reference transcripts of the scored set")
    _warn_of_overlaps(path, segments)
    return Stm(segments, labels)


def _warn_of_overlaps(path: Path, segments: Sequence[StmSegment]) -> None:
    """Warn if a segment begins before another one of its channel ends: a word is scored against only one of them."""
    overlaps: list[tuple[StmSegment, StmSegment]] = []
    latest: dict[tuple[str, str], StmSegment] = {}
    for segment in sorted(segments, key=lambda segment: segment.start_seconds):
        side = segment.recording.lower(), segment.channel.lower()
        before = latest.get(side)
        if before is not None and segment.start_seconds < before.end_seconds - _SAME_SECONDS:
            overlaps.append((before, segment))
        if before is None or segment.end_seconds > before.end_seconds:
            latest[side] = segment
    if overlaps:
        before, segment = overlaps[0]
        logger.warning(
            "%s: %d of %d segments begin before another segment of their channel ends (%s); first %s %s: %g to %g s on "
            "line %d and %g to %g s on line %d. A hypothesis word in both is scored against only one of them",
            path,
            len(overlaps),
            len(segments),
            describe_lines(sorted(later.line for _, later in overlaps)),
            segment.recording,
            segment.channel,
            before.start_seconds,
            before.end_seconds,
            before.line,
            segment.start_seconds,
            segment.end_seconds,
            segment.line,
        )


def _segments(path: Path, lines: list[str]) -> Iterator[StmSegment]:
    for number, line in enumerate(lines, start=1):
        fields = line.split(maxsplit=5)
        if not fields or line.startswith(";;"):
            continue
        if len(fields) < 5:
            message = (
                f"found {len(fields)} fields, expected recording, channel, speaker, start, end and optionally words"
            )
            raise FormatError(message, path=path, line=number, fix=_FIX)
        recording, channel, speaker = fields[:3]
        start, end = (
            parse_seconds(text, name, path, number, fix=_FIX)
            for text, name in zip(fields[3:5], ("start", "end"), strict=True)
        )
        if end < start:
            raise FormatError(f"ends at {end:g}, before its start at {start:g}", path=path, line=number)
        labels, text = _split_labels(fields[5] if len(fields) > 5 else "")
        problem = markup_problem(text)
        if problem:
            raise FormatError(problem, path=path, line=number, fix="write { a / b } and (word), each bracket closed")
        yield StmSegment(recording, channel, speaker, start, end, labels, text, number)


def _split_labels(rest: str) -> tuple[tuple[str, ...], str]:
    first, _, text = rest.partition(" ")
    if not (first.startswith("<") and first.endswith(">")):
        return (), rest.strip()
    return tuple(name for name in first[1:-1].split(",") if name), text.strip()


def markup_problem(text: str) -> str | None:
    """Describe what is wrong with the brackets or braces of a transcript; None if nothing is.

    Brackets and braces must be paired. Brackets must not be nested.
    """
    rest = re.sub(r"\([^()]*\)", "", text)
    if "(" in rest or ")" in rest:
        return "has an unpaired bracket, or one bracket inside another"
    if re.search(r"\([^()]*[{}][^()]*\)", text):
        return "has a brace inside brackets"
    if re.search(r"\{[\s/]*\}", text):
        return "has no word between { and }"
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return "has a } without its {"
        if character == "{" and position and not (text[position - 1].isspace() or text[position - 1] in "{}/"):
            return "has a { inside a word"
    return "has a { without its }" if depth else None
