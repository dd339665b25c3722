"""Checks for what blasr accepts in a data directory but utils/validate_data_dir.sh refuses; nothing here is fatal."""

from __future__ import annotations

import math
from collections.abc import Collection
from itertools import pairwise

from blasr.data.check import OTHER_TABLES, DataFiles, TableEntry, parse_segment, split_fields

_RESERVED = frozenset(("<s>", "</s>"))
_NUMBERS = ("utt2dur", "utt2num_frames", "reco2dur")


def check_for_kaldi(files: DataFiles) -> None:
    """Report overlapping segments, and what Kaldi's scripts refuse in the files that blasr does not read."""
    if "wav.scp" not in files.tables or "utt2spk" not in files.tables:
        return  # reported already
    _check_other_tables(files)
    _check_overlaps(files)
    for utterance, entry in files.tables.get("text", {}).items():
        for word in _RESERVED.intersection(split_fields(entry.value)):
            message = f"the transcript of {utterance} has {word}, which has another meaning in a language model"
            files.report("text", entry.line, message, "remove it", fatal=False)
    for recording, entry in files.tables["wav.scp"].items():
        if entry.value.startswith("~"):
            message = f"the path of {recording} starts with ~, which only a shell understands"
            files.report("wav.scp", entry.line, message, "write the full path", fatal=False)


def _check_other_tables(files: DataFiles) -> None:
    utt2spk = files.tables["utt2spk"]
    speakers = {entry.value for entry in utt2spk.values()}
    for name, fields in OTHER_TABLES.items():
        if not (files.path / name).is_file():
            continue
        files.read(name)
        table = files.tables[name]
        if fields.startswith("SPEAKER"):
            _compare(files, name, table, speakers, "speaker", "utt2spk")
        elif fields.startswith("RECORDING"):
            _compare(files, name, table, files.tables["wav.scp"], "recording", "wav.scp")
        else:
            _compare(files, name, table, utt2spk, "utterance", "utt2spk")
        for key, entry in table.items():
            if name in _NUMBERS and not _positive(entry.value):
                message = f"found {entry.value!r} for {key}, expected a number above 0"
                files.report(
                    name, entry.line, message, f"write it again (blasr data durations --data {files.path})", fatal=False
                )
            elif name == "spk2gender" and entry.value not in ("m", "f"):
                files.report(name, entry.line, f"found {entry.value!r} for {key}", "write m or f", fatal=False)


def _compare(
    files: DataFiles, name: str, table: dict[str, TableEntry], expected: Collection[str], what: str, origin: str
) -> None:
    fix = f"blasr data fix --data {files.path}, which keeps only what all files list"
    for key, entry in table.items():
        if key not in expected:
            files.report(name, entry.line, f"the {what} {key} is not in {origin}", fix, fatal=False)
    absent = sorted(set(expected) - table.keys())
    if absent:
        message = f"{len(absent)} {what}(s) of {origin} are missing here, first {absent[0]}"
        files.report(name, None, message, fix, fatal=False)


def _positive(value: str) -> bool:
    try:
        return 0 < float(value) < math.inf
    except ValueError:
        return False


def _check_overlaps(files: DataFiles) -> None:
    """Report segments of the same speaker, recording and channel that overlap in time."""
    spoken: dict[tuple[str, int | None, str], list[tuple[float, float, str, int]]] = {}
    for utterance, entry in files.tables.get("segments", {}).items():
        try:
            recording, start, end, channel = parse_segment(entry.value)
            speaker = files.tables["utt2spk"][utterance].value
        except (ValueError, KeyError):
            continue  # reported already
        item = (start, math.inf if end is None else end, utterance, entry.line)
        spoken.setdefault((recording, channel, speaker), []).append(item)
    for (recording, _, speaker), items in spoken.items():
        for (_, end, first, _), (begin, finish, second, line) in pairwise(sorted(items)):
            if begin < end:
                seconds = min(end, finish) - begin
                message = f"{second} overlaps {first} by {seconds:.2f} s: {speaker} speaks in both, in {recording}"
                fix = "correct the times, or remove one of them if they have the same words"
                files.report("segments", line, message, fix, fatal=False)
