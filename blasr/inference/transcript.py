"""What a transcription returns: words with times, in segments, in the sides of a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from blasr.units import FloatArray


@dataclass(frozen=True, slots=True)
class TranscribedWord:
    """A word, its times in seconds from the beginning of the recording, and its probability, if that was computed."""

    text: str
    start_seconds: float
    duration_seconds: float
    confidence: float | None = None

    @property
    def end_seconds(self) -> float:
        """The end of the word."""
        return self.start_seconds + self.duration_seconds


@dataclass(frozen=True, slots=True)
class TranscribedPhone:
    """A phone of the best path, also silence, and its times in seconds from the beginning of the recording."""

    name: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, slots=True)
class TranscribedSegment:
    """The words of one segment of a side; ``trouble`` says how the search ended if it reached no final state.

    There are ``phones`` only if the configuration of the transcription asks for pictures.
    """

    side: str
    start_seconds: float
    end_seconds: float
    words: tuple[TranscribedWord, ...]
    trouble: str = ""
    phones: tuple[TranscribedPhone, ...] = ()


@dataclass(frozen=True)
class TranscribedSide:
    """The segments of one side of a recording, in order.

    There are ``log_mel`` features ``(T, F)``, not normalized, only if the configuration asks for pictures.
    """

    label: str
    segments: tuple[TranscribedSegment, ...]
    log_mel: FloatArray | None = field(default=None, compare=False, repr=False)

    @property
    def words(self) -> tuple[TranscribedWord, ...]:
        """All words, in order."""
        return tuple(word for segment in self.segments for word in segment.words)

    @property
    def phones(self) -> tuple[TranscribedPhone, ...]:
        """All phones, in order."""
        return tuple(phone for segment in self.segments for phone in segment.phones)


@dataclass(frozen=True)
class Transcript:
    """The words of a file; :class:`blasr.inference.recordings.Recording` explains the other attributes."""

    path: Path
    name: str
    seconds: float
    file_rate: int
    sample_rate: int
    sides: tuple[TranscribedSide, ...]

    @property
    def text(self) -> str:
        """All words, side after side."""
        return " ".join(word.text for side in self.sides for word in side.words)
