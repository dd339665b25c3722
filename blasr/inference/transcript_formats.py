"""Transcripts as files: Kaldi's text, NIST's CTM, JSON, and SubRip's subtitles."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from blasr.inference.transcript import TranscribedSegment, TranscribedSide, TranscribedWord, Transcript
from blasr.io.nist.ctm import CtmWord

CUE_SECONDS: Final = 6.0
"""The longest time of a subtitle."""

CUE_PAUSE_SECONDS: Final = 0.8
"""The shortest pause that ends a subtitle."""

CUE_CHARACTERS: Final = 84
"""The largest number of characters in a subtitle: two lines of 42."""

LINE_CHARACTERS: Final = 42


def to_text(transcript: Transcript) -> str:
    """Return Kaldi's ``text``: a line for each side with its name and words. One of several sides has its label too."""
    return "".join(
        " ".join([_side_name(transcript, side), *(word.text for word in side.words)]) + "\n"
        for side in transcript.sides
    )


def to_ctm(transcript: Transcript) -> str:
    """Return NIST's CTM, with confidences where there are any."""
    rows = (
        CtmWord(transcript.name, side.label, word.start_seconds, word.duration_seconds, word.text, word.confidence)
        for side in transcript.sides
        for word in side.words
    )
    return "".join(f"{row}\n" for row in rows)


def to_json(transcript: Transcript) -> str:
    """Return one JSON object on one line: the file, its sides, their segments and words; times in seconds."""
    return json.dumps(to_mapping(transcript), ensure_ascii=False) + "\n"


def to_mapping(transcript: Transcript) -> dict[str, Any]:
    """Return the content of the JSON object."""
    return {
        "file": str(transcript.path),
        "name": transcript.name,
        "seconds": round(transcript.seconds, 3),
        "file_sample_rate": transcript.file_rate,
        "sample_rate": transcript.sample_rate,
        "sides": [
            {"side": side.label, "text": _joined(side.words), "segments": list(map(_segment, side.segments))}
            for side in transcript.sides
        ],
    }


def to_srt(transcript: Transcript) -> str:
    """Return SubRip's subtitles in the order of their times. With several sides, each subtitle names its side."""
    cues = [(cue, side.label) for side in transcript.sides for cue in subtitle_cues(side.words)]
    cues.sort(key=lambda item: item[0][0].start_seconds)
    blocks = []
    for number, (cue, label) in enumerate(cues, start=1):
        prefix = f"{label}: " if len(transcript.sides) > 1 else ""
        times = f"{_srt_time(cue[0].start_seconds)} --> {_srt_time(cue[-1].end_seconds)}"
        blocks.append(f"{number}\n{times}\n{_in_lines(prefix + _joined(cue))}\n")
    return "\n".join(blocks)


FORMATS: Final[dict[str, Callable[[Transcript], str]]] = {
    "text": to_text,
    "ctm": to_ctm,
    "json": to_json,
    "srt": to_srt,
}
"""The functions that write a transcript, by the names of ``--format``."""


def subtitle_cues(words: Sequence[TranscribedWord]) -> Iterator[list[TranscribedWord]]:
    """Group words into subtitles: without long pauses, and short enough to read at once."""
    cue: list[TranscribedWord] = []
    for word in words:
        if cue and (
            word.start_seconds - cue[-1].end_seconds >= CUE_PAUSE_SECONDS
            or word.end_seconds - cue[0].start_seconds > CUE_SECONDS
            or len(_joined([*cue, word])) > CUE_CHARACTERS
        ):
            yield cue
            cue = []
        cue.append(word)
    if cue:
        yield cue


def _side_name(transcript: Transcript, side: TranscribedSide) -> str:
    return f"{transcript.name}-{side.label}" if len(transcript.sides) > 1 else transcript.name


def _joined(words: Sequence[TranscribedWord]) -> str:
    return " ".join(word.text for word in words)


def _segment(segment: TranscribedSegment) -> dict[str, Any]:
    values: dict[str, Any] = {
        "start": round(segment.start_seconds, 3),
        "end": round(segment.end_seconds, 3),
        "text": _joined(segment.words),
        "words": [
            {
                "word": word.text,
                "start": round(word.start_seconds, 3),
                "end": round(word.end_seconds, 3),
                **({} if word.confidence is None else {"confidence": round(word.confidence, 4)}),
            }
            for word in segment.words
        ],
    }
    return values | ({"trouble": segment.trouble} if segment.trouble else {})


def _srt_time(seconds: float) -> str:
    milliseconds = round(1000 * seconds)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d},{rest % 1000:03d}"


def _in_lines(text: str) -> str:
    return "\n".join(textwrap.wrap(text, LINE_CHARACTERS, break_long_words=False, break_on_hyphens=False))
