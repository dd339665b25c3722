"""The durations of utterances and recordings (utils/data/get_utt2dur.sh and get_reco2dur.sh)."""

from __future__ import annotations

from pathlib import Path

from blasr.data.tables import Lines, keys_of, read_tables, readable, write_lines
from blasr.errors import DataError
from blasr.io.audio import audio_info
from blasr.progress import track


def write_durations(folder: Path, *, allow_pipes: bool = False) -> tuple[int, float]:
    """Write ``utt2dur`` and ``reco2dur`` of a data directory, in seconds, from the headers of its audio files.

    Returns:
        The number of utterances, and their total duration in seconds.

    Raises:
        DataError: there is no ``wav.scp``, audio cannot be read, or a segment has no times.
    """
    tables = read_tables(folder, ("utt2spk", "wav.scp", "segments"))
    if "wav.scp" not in tables:
        raise DataError("no such file", path=folder / "wav.scp", fix="write it: it names the audio to measure")
    recordings: dict[bytes, float] = {}
    for line in track(tables["wav.scp"], "durations", total=len(tables["wav.scp"])):
        key, _, entry = line.partition(b" ")
        recordings[key] = audio_info(entry.strip().decode(), allow_pipes=allow_pipes).seconds
    utterances = recordings
    if "segments" in tables:
        utterances = _segment_durations(folder, tables["segments"], recordings)
    else:
        listed = set(keys_of(tables["utt2spk"]))
        utterances = {key: seconds for key, seconds in recordings.items() if key in listed}
    for name, durations in (("utt2dur", utterances), ("reco2dur", recordings)):
        write_lines(folder / name, (b"%s %s" % (key, f"{value:.6g}".encode()) for key, value in durations.items()))
    return len(utterances), sum(utterances.values())


def _segment_durations(folder: Path, segments: Lines, recordings: dict[bytes, float]) -> dict[bytes, float]:
    durations = {}
    for number, line in enumerate(segments, start=1):
        try:
            key, recording, start, end = line.split()[:4]
            whole = recordings[recording]
            durations[key] = (whole if float(end) == -1 else float(end)) - float(start)
        except (ValueError, KeyError):
            message = f"found {readable(line)!r}, expected UTTERANCE RECORDING START END of a recording in wav.scp"
            raise DataError(message, path=folder / "segments", line=number, fix=f"blasr data check {folder}") from None
    return durations
