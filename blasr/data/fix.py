"""Repair of a data directory: sort its files and keep only what all of them list (Kaldi's utils/fix_data_dir.sh)."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from blasr.data.tables import (
    ALL_TABLES,
    BY_RECORDING,
    BY_SPEAKER,
    BY_UTTERANCE,
    Lines,
    field_of,
    filter_lines,
    key_of,
    keys_of,
    read_tables,
    readable,
    spk2utt_to_utt2spk,
    utt2spk_to_spk2utt,
    write_tables,
)
from blasr.errors import DataError
from blasr.io.text_lines import describe_lines, inspect_lines

_LIMITING = ("feats.scp", "text", "segments", "utt2lang")
"""The files that must list an utterance, if they exist; without ``segments``, ``wav.scp`` must too."""

_NUM_NAMED = 3

_LIMITING_SPEAKERS = ("cmvn.scp", "spk2gender")
"""The files that must list a speaker, if they exist."""


@dataclass
class FixReport:
    """What fixing changed.

    Attributes:
        kept: the number of utterances that are left.
        removed: the removed utterances, each with the reason.
        notes: one message for every other change.
    """

    kept: int = 0
    removed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def fix_data_dir(folder: Path, out: Path | None = None) -> FixReport:
    """Sort every file in the C locale's order, and keep only utterances, speakers and recordings that all files list.

    As in Kaldi's script, the first of several lines with the same key is kept, ``spk2utt`` is written again, and an
    utterance is kept if it is in ``utt2spk`` and in all existing files among ``feats.scp``, ``text``, ``segments``,
    ``utt2lang`` and (without ``segments``) ``wav.scp``. Unlike the script, it also removes byte order marks, carriage
    returns and blank lines, keeps a channel in the fifth column of ``segments``, and writes nothing if it fails.

    Args:
        folder: a data directory.
        out: the folder to write; by default ``folder`` itself, with the old files saved in ``folder/.backup``.

    Raises:
        DataError: there is no ``utt2spk``, there are segments but no ``wav.scp``, a line of ``utt2spk`` has no speaker,
            or no utterance would be left.
    """
    report = FixReport()
    tables = read_tables(folder)
    for name, lines in tables.items():
        tables[name] = _sorted(name, _clean(folder / name, lines, report), report)
    for number, line in enumerate(tables["utt2spk"], start=1):
        if len(line.split()) != 2:
            message = f"found {line.decode(errors='backslashreplace')!r}, expected UTTERANCE SPEAKER"
            raise DataError(
                message,
                path=folder / "utt2spk",
                line=number,
                fix="correct it (the line number counts in the sorted file)",
            )
    if "segments" in tables and "wav.scp" not in tables:
        raise DataError("no such file, but there are segments", path=folder / "wav.scp", fix="write it")
    _filter_recordings(tables, report)
    _filter_speakers(tables, report)
    _filter_utterances(folder, tables, report)
    _filter_speakers(tables, report)
    _filter_recordings(tables, report)
    report.kept = len(tables["utt2spk"])
    if out is None:
        backup = folder / ".backup"
        backup.mkdir(exist_ok=True)
        for name in ALL_TABLES:
            if (folder / name).is_file():
                shutil.copyfile(folder / name, backup / name)
    write_tables(out or folder, tables)
    return report


def _clean(path: Path, lines: Lines, report: FixReport) -> Lines:
    """The lines that are not blank; notes list what was removed: blank lines, a byte order mark, carriage returns."""
    inspected = inspect_lines(path)
    if inspected.has_byte_order_mark:
        report.notes.append(f"{path.name}: removed the byte order mark")
    if inspected.carriage_returns:
        where = describe_lines(inspected.carriage_returns)
        report.notes.append(f"{path.name}: removed the carriage returns at the end of {where}")
    filled = [line for line in lines if line.strip()]
    if len(filled) < len(lines):
        report.notes.append(f"{path.name}: removed {len(lines) - len(filled)} blank line(s)")
    return filled


def _sorted(name: str, lines: Lines, report: FixReport) -> Lines:
    """The lines sorted by the first field; of several with the same one, the first is kept (``sort -k1,1 -u``)."""
    ordered: Lines = []
    repeated: list[str] = []
    identical: list[str] = []
    for line in sorted(lines, key=key_of):
        if ordered and key_of(line) == key_of(ordered[-1]):
            key = readable(key_of(line))
            if line == ordered[-1]:
                identical.append(key)
            else:
                other = line.decode(errors="replace")
                repeated.append(f"{name}: {key} appeared twice, removed another line ({other})")
        else:
            ordered.append(line)
    if len(identical) == 1:
        report.notes.append(f"{name}: {identical[0]} appeared twice, removed the same line")
    elif identical:
        report.notes.append(f"{name}: removed {len(identical):,} repeated identical lines, the first of {identical[0]}")
    report.notes += repeated[:_NUM_NAMED]
    if len(repeated) > _NUM_NAMED:
        report.notes.append(f"{name}: removed {len(repeated) - _NUM_NAMED:,} more lines whose key had appeared")
    if keys_of(ordered) != keys_of(lines):
        report.notes.append(f"{name}: was unsorted or had repeated keys; sorted it")
    return ordered


def _filter_recordings(tables: dict[str, Lines], report: FixReport) -> None:
    """Remove segments without a recording, and recordings without a segment; do nothing without ``segments``."""
    if "segments" not in tables:
        return
    tables["segments"] = [b" ".join(line.split()) for line in tables["segments"]]
    there = set(keys_of(tables["wav.scp"]))
    for line in tables["segments"]:
        if field_of(line, 1) not in there:
            reason = f"its recording {readable(field_of(line, 1))} is not in wav.scp"
            report.removed.setdefault(readable(key_of(line)), reason)
    tables["segments"] = filter_lines(tables["segments"], there, field=1)
    used = {field_of(line, 1) for line in tables["segments"]}
    for name in BY_RECORDING:
        if name in tables:
            _filter(name, tables, used, "no segment uses it", report)


def _filter_utterances(folder: Path, tables: dict[str, Lines], report: FixReport) -> None:
    limiting = [name for name in (*_LIMITING, *([] if "segments" in tables else ["wav.scp"])) if name in tables]
    kept = keys_of(tables["utt2spk"])
    for name in limiting:
        there = set(keys_of(tables[name]))
        for utterance in kept:
            if utterance not in there:
                report.removed.setdefault(readable(utterance), f"it is not in {name}")
        kept = [utterance for utterance in kept if utterance in there]
    for name in limiting:
        listed = set(keys_of(tables["utt2spk"]))
        for utterance in keys_of(tables[name]):
            if utterance not in listed:
                report.removed.setdefault(readable(utterance), "it has no speaker in utt2spk")
    if not kept:
        first = next(iter(report.removed.items()), None)
        example = f", for example {first[0]}: {first[1]}" if first else ""
        fix = "check that all files spell the utterance-ids in the same way"
        raise DataError(f"no utterance would be left{example}", path=folder, fix=fix)
    by_utterance = (*BY_UTTERANCE, *(() if "segments" in tables else BY_RECORDING))
    for name in by_utterance:
        if name in tables:
            _filter(name, tables, set(kept), "the utterance is not kept", report)


def _filter_speakers(tables: dict[str, Lines], report: FixReport) -> None:
    """Keep the speakers that ``cmvn.scp`` and ``spk2gender`` list; write ``spk2utt`` again, and ``utt2spk`` from it."""
    spk2utt = utt2spk_to_spk2utt(tables["utt2spk"])
    for name in _LIMITING_SPEAKERS:
        if name in tables:
            there = set(keys_of(tables[name]))
            for line in spk2utt:
                speaker, *utterances = line.split()
                if speaker not in there:
                    reason = f"its speaker {readable(speaker)} is not in {name}"
                    report.removed.update((readable(utterance), reason) for utterance in utterances)
            spk2utt = filter_lines(spk2utt, there)
    tables["spk2utt"] = sorted(spk2utt, key=key_of)
    tables["utt2spk"] = sorted(spk2utt_to_utt2spk(spk2utt), key=key_of)
    for name in BY_SPEAKER:
        if name in tables:
            _filter(name, tables, keys_of(spk2utt), "the speaker has no utterance", report)


def _filter(name: str, tables: dict[str, Lines], keys: Iterable[bytes], reason: str, report: FixReport) -> None:
    lines = filter_lines(tables[name], set(keys))
    if len(lines) < len(tables[name]):
        kept = set(keys_of(lines))
        removed = [key for key in keys_of(tables[name]) if key not in kept]
        first = ", ".join(map(readable, removed[:3])) + (", ..." if len(removed) > 3 else "")
        report.notes.append(f"{name}: {len(tables[name])} -> {len(lines)} lines, removed {first} ({reason})")
    tables[name] = lines
