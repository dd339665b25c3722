"""From utterances to recordings: where a data directory says that the words of an utterance were spoken."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from blasr.errors import FormatError
from blasr.io.nist.ctm import CtmAlternatives, CtmWord
from blasr.scoring.transcripts import read_transcripts


@dataclass(frozen=True, slots=True)
class UtterancePlace:
    """The recording and the channel of an utterance, by the names that a CTM file uses, and the utterance's start."""

    recording: str
    channel: str
    start_seconds: float


def read_utterance_places(data_dir: Path) -> dict[str, UtterancePlace]:
    """Return the place of every utterance, from ``segments`` and, if it exists, ``reco2file_and_channel``.

    Raises:
        FormatError: a file cannot be read, or a line has the wrong fields.
    """
    sides: dict[str, tuple[str, str]] = {}
    sides_path = data_dir / "reco2file_and_channel"
    if sides_path.is_file():
        for recording, fields in read_transcripts(sides_path).items():
            if len(fields) != 2:
                message = f"recording {recording} has {len(fields)} fields, expected file and channel"
                raise FormatError(message, path=sides_path)
            sides[recording] = (fields[0], fields[1])
    places: dict[str, UtterancePlace] = {}
    for utterance, fields in read_transcripts(data_dir / "segments").items():
        try:
            recording, start, _ = fields
            file, channel = sides.get(recording, (recording, "A"))
            places[utterance] = UtterancePlace(file, channel, float(start))
        except ValueError:
            message = f"found {' '.join(fields)!r}, expected recording, start and end"
            raise FormatError(message, path=data_dir / "segments", utterance=utterance) from None
    return places


def place_in_recordings(
    items: Iterable[CtmWord | CtmAlternatives], places: Mapping[str, UtterancePlace], *, source: Path
) -> Iterator[CtmWord | CtmAlternatives]:
    """Yield the words with the recordings and times of their utterances.

    Args:
        items: words that name an utterance instead of a recording, with times from the utterance's start.
        places: where the utterances are.
        source: the file that the words come from, for errors.

    Raises:
        FormatError: an utterance has no place.
    """
    for item in items:
        place = places.get(item.recording)
        if place is None:
            message = "is not in the segments of the data directory"
            raise FormatError(message, path=source, line=item.line or None, utterance=item.recording)
        if isinstance(item, CtmWord):
            yield _moved(item, place)
        else:
            rows = tuple(tuple(_moved(word, place) for word in row) for row in item.options)
            yield CtmAlternatives(place.recording, place.channel, rows, item.line)


def _moved(word: CtmWord, place: UtterancePlace) -> CtmWord:
    start = round(word.start_seconds + place.start_seconds, 6)
    return dataclasses.replace(word, recording=place.recording, channel=place.channel, start_seconds=start)
