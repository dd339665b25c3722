"""The durations of utterances and recordings (utils/data/get_utt2dur.sh and get_reco2dur.sh)."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from blasr.data.tables import Lines, field_of, keys_of, read_tables, readable, write_lines
from blasr.errors import UTTERANCE_ERRORS, DataError
from blasr.io.audio import audio_info
from blasr.progress import track
from blasr.tally import Tally


def write_durations(folder: Path, *, max_loss: float = 0.05, allow_pipes: bool = False) -> tuple[Tally, int, float]:
    """Write ``utt2dur`` and ``reco2dur`` of a data directory, in seconds, from the headers of its audio files.

    Recordings that cannot be read, and their utterances, have no line.

    Args:
        folder: the data directory.
        max_loss: the largest share of recordings that may be dropped.
        allow_pipes: run commands in ``wav.scp``.

    Returns:
        The count of recordings; the number of utterances, and their total duration in seconds.

    Raises:
        DataError: there is no ``wav.scp``, too much audio cannot be read, or a segment has no times.
    """
    tables = read_tables(folder, ("utt2spk", "wav.scp", "segments"))
    if "wav.scp" not in tables:
        raise DataError("no such file", path=folder / "wav.scp", fix="write it: it names the audio to measure")
    recordings: dict[bytes, float] = {}
    tally = Tally("durations", max_loss, unit="recordings")
    dropped = set()
    for line in track(tables["wav.scp"], "durations", total=len(tables["wav.scp"])):
        key, _, entry = line.partition(b" ")
        try:
            recordings[key] = audio_info(entry.strip().decode(), allow_pipes=allow_pipes).seconds
            tally.keep()
        except UTTERANCE_ERRORS as error:
            dropped.add(key)
            tally.drop_error(readable(key), error)
            tally.check_early(len(tables["wav.scp"]))
    tally.check()
    if "segments" in tables:
        utterances = _segment_durations(folder, tables["segments"], recordings, dropped)
    else:
        listed = set(keys_of(tables["utt2spk"]))
        utterances = {key: seconds for key, seconds in recordings.items() if key in listed}
    for name, durations in (("utt2dur", utterances), ("reco2dur", recordings)):
        write_lines(folder / name, (b"%s %s" % (key, f"{value:.6g}".encode()) for key, value in durations.items()))
    return tally, len(utterances), sum(utterances.values())


def _segment_durations(
    folder: Path, segments: Lines, recordings: dict[bytes, float], dropped: Collection[bytes]
) -> dict[bytes, float]:
    """Return the seconds of every segment that is not in a dropped recording."""
    durations = {}
    for number, line in enumerate(segments, start=1):
        if field_of(line, 1) in dropped:
            continue
        try:
            key, recording, start, end = line.split()[:4]
            whole = recordings[recording]
            durations[key] = (whole if float(end) == -1 else float(end)) - float(start)
        except (ValueError, KeyError):
            message = f"found {readable(line)!r}, expected UTTERANCE RECORDING START END of a recording in wav.scp"
            raise DataError(message, path=folder / "segments", line=number, fix=f"blasr data check {folder}") from None
    return durations
