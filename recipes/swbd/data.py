"""Kaldi data directories of two-channel telephone conversations, with one speaker on each side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from blasr.data.data_dir import DataDir, Utterance
from blasr.io.atomic import atomic_open
from blasr.tally import Tally


class Turn(NamedTuple):
    """A segment of side ``A`` or ``B`` of a conversation; ``words`` is None if they are unknown."""

    id: str
    conversation: str
    side: str
    start_seconds: float
    end_seconds: float
    words: tuple[str, ...] | None = None

    @property
    def recording(self) -> str:
        """The recording-id, which is also the speaker-id: ``sw02001-A``."""
        return f"{self.conversation}-{self.side}"


def write_conversations(
    path: Path, turns: Iterable[Turn], audio: Mapping[str, Path], *, max_loss: float = 0.05
) -> DataDir:
    """Write the directory of all turns with audio, and print its size.

    Args:
        path: the directory.
        turns: the turns, in any order.
        audio: the audio file of each conversation.
        max_loss: the share of turns that may have no audio.

    Raises:
        DataError: too many turns have no audio.
    """
    tally = Tally(f"{path}: audio", max_loss, unit="segments")
    kept = {}
    for turn in turns:
        if turn.conversation not in audio:
            tally.drop(turn.id, f"of conversations without {turn.conversation[:2]}*.sph")
        elif turn.id in kept:
            tally.drop(turn.id, "given twice")
        else:
            tally.keep()
            kept[turn.id] = turn
    print(tally.summary())
    tally.check()
    utterances = tuple(
        Utterance(turn.id, turn.recording, turn.recording, None, turn.start_seconds, turn.end_seconds, turn.words)
        for turn in sorted(kept.values())
    )
    sides = {turn.recording: (turn.conversation, turn.side) for turn in kept.values()}
    data = DataDir(path, utterances, {side: str(audio[name]) for side, (name, _) in sides.items()}, sides)
    data.write(path)
    hours = sum(turn.end_seconds - turn.start_seconds for turn in kept.values()) / 3600
    words = sum(len(turn.words or ()) for turn in kept.values())
    suffix = f", {words} words" if words else ""
    print(f"{path}: {len(kept)} segments, {hours:.2f} hours, {len(sides)} sides{suffix}")
    return data


def write_table(path: Path, rows: Mapping[str, str]) -> None:
    """Write ``key value`` lines, sorted by key."""
    with atomic_open(path, "w") as stream:
        stream.writelines(f"{key} {value}\n" for key, value in sorted(rows.items()))


def centiseconds(seconds: float) -> str:
    """Return a time as in utterance-ids: six digits, in hundredths of a second."""
    return f"{int(100 * seconds + 0.5):06d}"
