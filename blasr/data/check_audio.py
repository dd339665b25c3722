"""Check of a data directory's audio: what a later stage would refuse or drop."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from blasr.data.check import DataFiles, TableEntry, parse_channel, parse_segment
from blasr.errors import BlasrError
from blasr.io.audio import AudioInfo, AudioSelection, audio_info, column_of, sample_range
from blasr.io.kaldi.pipes import file_before_pipe
from blasr.io.kaldi.specifiers import ScriptEntry
from blasr.io.recording_entry import RecordingEntry, is_pipe
from blasr.progress import track

FRAME_SECONDS: Final = 0.025
"""The length of a frame; shorter utterances have no features."""


def check_audio(files: DataFiles, *, open_audio: bool, allow_pipes: bool) -> None:
    """Report missing files, and what is wrong with the others; nothing here is fatal.

    Args:
        files: the tables, which receive the problems.
        open_audio: open every file: what cannot be read, samples that are not finite, mixed sample rates, channels
            that are not chosen or absent, segments beyond the end, utterances shorter than one frame.
        allow_pipes: run the commands in wav.scp.
    """
    opened: dict[str, AudioInfo] = {}
    entries = files.tables.get("wav.scp", {})
    for recording, entry in track(entries.items(), "audio files", total=len(entries)):
        if is_pipe(entry.value) and file_before_pipe(entry.value) is not None:
            continue  # reported already
        if not (
            allow_pipes and open_audio
            if is_pipe(entry.value)
            else open_audio or not Path(ScriptEntry.parse(RecordingEntry.parse(entry.value).source).file).is_file()
        ):
            continue  # without open_audio, only a missing file is opened, for its error
        try:
            opened[recording] = audio_info(entry.value, verify=True, allow_pipes=allow_pipes)
        except BlasrError as error:
            message = f"{recording}: {error.path} {error.message}"
            files.report("wav.scp", entry.line, message, error.fix or "repair the file", fatal=False)
    _check_rates(files, opened)
    _check_utterances(files, opened)


def _check_rates(files: DataFiles, opened: dict[str, AudioInfo]) -> None:
    rates = Counter(info.sample_rate for info in opened.values())
    for recording, info in opened.items():
        usual, count = rates.most_common(1)[0]
        if info.sample_rate != usual:
            message = f"{recording} has {info.sample_rate} Hz, {count} other(s) have {usual} Hz"
            fix = "resample it, or use a separate data directory for each sample rate"
            files.report("wav.scp", files.tables["wav.scp"][recording].line, message, fix, fatal=False)


def _check_utterances(files: DataFiles, opened: dict[str, AudioInfo]) -> None:
    """Check the channel and the times of every utterance; one channel of a recording is reported once."""
    sides = files.tables.get("reco2file_and_channel", {})
    name = "segments" if "segments" in files.tables else "wav.scp"
    reported: set[tuple[str, str]] = set()
    for utterance, entry in files.tables.get(name, {}).items():
        selection = _selection(name, utterance, entry, sides)
        if selection is None:
            continue  # reported already
        recording, chosen = selection
        info = opened.get(recording)
        if info is None:
            continue
        try:
            column_of(info.num_channels, chosen)
        except BlasrError as error:
            if (recording, error.message) not in reported:
                reported.add((recording, error.message))
                files.report(name, entry.line, f"{recording} {error.message}", error.fix or "", fatal=False)
        try:
            start, end = sample_range(info.num_samples, info.sample_rate, chosen.start_seconds, chosen.end_seconds)
        except BlasrError as error:
            files.report(name, entry.line, f"{utterance}: {error.message}", error.fix or "", fatal=False)
            continue
        if end - start < FRAME_SECONDS * info.sample_rate:
            seconds = (end - start) / info.sample_rate
            message = f"{utterance} lasts {seconds:.4f} s, expected at least one frame ({FRAME_SECONDS} s)"
            files.report(name, entry.line, message, "remove the utterance, or correct its times", fatal=False)


def _selection(
    name: str, utterance: str, entry: TableEntry, sides: dict[str, TableEntry]
) -> tuple[str, AudioSelection] | None:
    """Return the recording of an utterance and what is read from it; None if its line cannot be used."""
    recording, start, end, channel = utterance, None, None, None
    if name == "segments":
        try:
            recording, start, end, channel = parse_segment(entry.value)
        except ValueError:
            return None
    if channel is None and recording in sides:
        channel = parse_channel(sides[recording].value.split()[-1])
    return recording, AudioSelection(start, end, channel=channel, mono_has_any_channel=recording in sides)
