"""Entries of ``wav.scp``: a file, a place in an archive, or one of the commands that Kaldi's recipes write.

Some commands only choose a part of a file or change its speed. They are parsed here, and blasr does their work itself:

- ``sph2pipe -f wav -p -c 2 CALL.sph |``, one side of a call (``egs/swbd/s5c/local/swbd1_data_prep.sh``);
- ``sox -t wav FILE -t wav - speed 0.9 |``, another speed (``utils/data/perturb_data_dir_speed.sh``), also after
  ``sph2pipe ... |`` and after ``wav-copy FILE:OFFSET - |``.

Any other entry that ends with ``|`` is a command.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

_SPEED: Final = r"(?P<speed>[0-9]+(?:\.[0-9]+)?)"
_SOX_FILE: Final = re.compile(rf"sox -t wav (?P<file>[^|]+?) -t wav - speed {_SPEED} \|\s*")
_SOX_PIPE: Final = re.compile(rf"(?P<command>.*\|)\s*sox -t wav - -t wav - speed {_SPEED} \|\s*")
_WAV_COPY: Final = re.compile(r"wav-copy (?P<file>[^|]+:[0-9]+) - \|\s*")
_SPH2PIPE: Final = re.compile(
    r"(?:[^\s|]*/)?sph2pipe(?P<options>(?:\s+-f\s+(?:wav|rif|riff|sph|au|aif|aiff)|\s+-p|\s+-c\s+[12])*)"
    r"\s+(?P<file>(?!-)[^|'\"\\$`;&<>()*?\[\]]*[^|'\"\\$`;&<>()*?\[\]\s])\s*\|\s*"
)
_CHANNEL: Final = re.compile(r"-c\s+([12])")
_MIN_SPEED, _MAX_SPEED = 0.5, 2.0


@dataclass(frozen=True, slots=True)
class RecordingEntry:
    """What an entry of ``wav.scp`` names.

    Attributes:
        source: a file, ``FILE:OFFSET``, or a command that must be run.
        channel: the only channel that the entry takes of the source, from 0; None for all.
        speed: the speed at which the recording is played.
        expander: the command ``sph2pipe ... |`` that the entry begins with. It gives the same audio as ``source`` and
            ``channel``, also of a file that libsndfile does not decode; None without one.
    """

    source: str
    channel: int | None = None
    speed: float = 1.0
    expander: str | None = None

    @classmethod
    def parse(cls, entry: str) -> Self:
        """Parse an entry; one in none of the forms above is a source as it is."""
        if not entry.rstrip().endswith("|"):
            return cls(entry)
        if (found := _SOX_FILE.fullmatch(entry)) is not None and found["file"] != "-" and _is_speed(found["speed"]):
            return cls(found["file"], None, float(found["speed"]))
        speed, command = 1.0, entry
        if (found := _SOX_PIPE.fullmatch(entry)) is not None and _is_speed(found["speed"]):
            speed, command = float(found["speed"]), found["command"]
            if (copied := _WAV_COPY.fullmatch(command)) is not None:
                return cls(copied["file"], None, speed)
        if (sphere := _SPH2PIPE.fullmatch(command)) is None:
            return cls(entry)
        channels = _CHANNEL.findall(sphere["options"])
        return cls(sphere["file"], int(channels[-1]) - 1 if channels else None, speed, command)

    def at_usual_speed(self) -> str:
        """Return an entry for the same audio without a change of speed."""
        return self.expander or self.source

    def stored_at(self, place: str) -> str:
        """Return the entry that plays the source at this entry's speed, if it is stored as ``FILE:OFFSET``."""
        if self.speed == 1.0:
            return place
        return f"wav-copy {place} - | sox -t wav - -t wav - speed {self.speed:g} |"

    @property
    def is_command(self) -> bool:
        """Whether the source is a command that must be run."""
        return self.source.rstrip().endswith("|")


def _is_speed(text: str) -> bool:
    return _MIN_SPEED <= float(text) <= _MAX_SPEED


def is_pipe(entry: str) -> bool:
    """Whether an entry of ``wav.scp`` is a command that must be run."""
    return RecordingEntry.parse(entry).is_command
