"""Praat's TextGrid files: names of parts of a recording in tiers, one below the other.

https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html; the long text form, UTF-8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from blasr.io.atomic import atomic_open

LabeledSpan = tuple[float, float, str]
"""The start and the end of a part in seconds, and its name."""

_SHORTEST: Final = 1e-6


def write_textgrid(path: Path, seconds: float, tiers: Mapping[str, Iterable[LabeledSpan]]) -> None:
    """Write interval tiers; Praat shows the first one at the top.

    Praat wants each tier to cover the whole recording, so the gaps become intervals without a name.

    Args:
        path: the file.
        seconds: the length of the recording.
        tiers: for each name the parts, in order, without overlaps. What is beyond the recording is cut off.

    Raises:
        DataError: the file cannot be written.
    """
    with atomic_open(path, "w") as file:
        file.write('File type = "ooTextFile"\nObject class = "TextGrid"\n\n')
        file.write(f"xmin = 0\nxmax = {_number(seconds)}\ntiers? <exists>\nsize = {len(tiers)}\nitem []:\n")
        for number, (name, spans) in enumerate(tiers.items(), start=1):
            file.writelines(_tier_lines(number, name, seconds, list(_covering(spans, seconds))))


def _covering(spans: Iterable[LabeledSpan], seconds: float) -> Iterator[LabeledSpan]:
    """Yield the parts and the gaps between them."""
    end = 0.0
    for start, stop, name in spans:
        start, stop = max(start, end), min(stop, seconds)
        if stop - start < _SHORTEST:
            continue
        if start - end >= _SHORTEST:
            yield end, start, ""
        else:
            start = end
        yield start, stop, name
        end = stop
    if seconds - end >= _SHORTEST or end == 0.0:
        yield end, seconds, ""


def _tier_lines(number: int, name: str, seconds: float, spans: list[LabeledSpan]) -> Iterator[str]:
    yield f'    item [{number}]:\n        class = "IntervalTier"\n        name = "{_quoted(name)}"\n'
    yield f"        xmin = 0\n        xmax = {_number(seconds)}\n        intervals: size = {len(spans)}\n"
    for place, (start, end, text) in enumerate(spans, start=1):
        yield f"        intervals [{place}]:\n            xmin = {_number(start)}\n            xmax = {_number(end)}\n"
        yield f'            text = "{_quoted(text)}"\n'


def _number(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _quoted(text: str) -> str:
    return text.replace('"', '""')
