"""Several data directories as one (utils/combine_data.sh), or one at three speeds (perturb_data_dir_speed_3way.sh)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from blasr.data.fix import FixReport, fix_data_dir
from blasr.data.tables import (
    ALL_TABLES,
    Lines,
    field_of,
    key_of,
    keys_of,
    read_tables,
    tell,
    utt2spk_to_spk2utt,
    write_tables,
)
from blasr.errors import ConfigError, DataError

SPEEDS = ("0.9", "1.0", "1.1")
"""The speeds of 3-way perturbation, as they stand in utterance-ids."""

_COMBINED = tuple(
    name for name in ALL_TABLES if name not in ("spk2utt", "utt2uniq", "segments", "utt2warp", "spk2warp")
)


def combine_data_dirs(out: Path, sources: Sequence[Path], *, fix: bool = True) -> FixReport:
    """Write the lines of several data directories into one, sorted, and fix it.

    Files that not all of them have are left out, but for ``utt2uniq``, where utterances without a line are unique,
    and ``segments``, which are written for whole recordings with ``-1`` for their end where a directory has none.
    (Kaldi's script measures their end; -1 means the same to all of its programs.)

    Returns:
        What fixing did; its notes begin with the files left out.

    Raises:
        ConfigError: fewer than one source, or ``out`` is one of them.
        DataError: one cannot be read, or nothing is left.
    """
    if not sources or out.resolve() in (source.resolve() for source in sources):
        raise ConfigError(f"{out} cannot be written from itself or from nothing", fix="name the sources after DEST")
    report = FixReport()
    combined = _combine([read_tables(source) for source in sources], report)
    out.mkdir(parents=True, exist_ok=True)
    write_tables(out, combined)
    if not fix:
        report.kept = len(combined["utt2spk"])
        return report
    fixed = fix_data_dir(out)
    return FixReport(fixed.kept, fixed.removed, report.notes + fixed.notes)


def perturb_speed(
    source: Path,
    out: Path,
    *,
    speeds: Sequence[str] = SPEEDS,
    always_prefix: bool = False,
    speaker_prefix: bool = True,
) -> FixReport:
    """Write a data directory that has every utterance at several speeds, as Kaldi's script with its very lines.

    Utterances and recordings at other speeds than 1.0 begin with ``sp0.9-`` and ``sp1.1-``, their speakers too; their
    entries in ``wav.scp`` are Kaldi's, ``sox -t wav FILE -t wav - speed 0.9 |``. blasr plays that form itself, without
    a shell or sox; entries that were commands already stay commands. ``feats.scp``, ``cmvn.scp`` and ``vad.scp`` are
    left out; ``utt2dur`` and ``reco2dur`` are divided by the speed where they are there.

    Args:
        source: a data directory.
        out: the folder to write.
        speeds: the factors, written as they are to stand in the ids.
        always_prefix: give the utterances at the original speed a prefix too.
        speaker_prefix: make each speed another speaker.

    Raises:
        ConfigError: a speed that is no number from 0.5 to 2, or ``out`` is ``source``.
        DataError: the directory cannot be read or has no ``wav.scp``.
    """
    for speed in speeds:
        if not re.fullmatch(r"\d+(\.\d+)?", speed) or not 0.5 <= float(speed) <= 2:
            raise ConfigError(f"found the speed {speed!r}, expected a number from 0.5 to 2")
    if out.resolve() == source.resolve():
        raise ConfigError(f"{out} cannot be perturbed into itself", fix="name another folder")
    tables = read_tables(source)
    if "wav.scp" not in tables:
        raise DataError("no such file", path=source / "wav.scp", fix="speed is changed where the audio is read from")
    copies = []
    for speed in speeds:
        if float(speed) == 1 and not always_prefix:
            copies.append({name: lines for name, lines in tables.items() if name not in ("feats.scp", "cmvn.scp")})
        else:
            copies.append(_perturbed(tables, speed, f"sp{speed}-", f"sp{speed}-" if speaker_prefix else ""))
    report = FixReport()
    combined = _combine(copies, report)
    out.mkdir(parents=True, exist_ok=True)
    write_tables(out, combined)
    fixed = fix_data_dir(out)
    return FixReport(fixed.kept, fixed.removed, report.notes + fixed.notes)


def _combine(sources: Sequence[dict[str, Lines]], report: FixReport) -> dict[str, Lines]:
    sources = [dict(tables) for tables in sources]
    for name, lines_for in (("utt2uniq", _unique_utterances), ("segments", _whole_recordings)):
        if any(name in tables for tables in sources):
            for tables in sources:
                tables.setdefault(name, lines_for(tables))
    combined: dict[str, Lines] = {}
    for name in (*_COMBINED, "utt2uniq", "segments"):
        having = [tables for tables in sources if name in tables]
        if len(having) == len(sources):
            combined[name] = sorted(line for tables in sources for line in tables[name])
        elif having:
            report.notes.append(f"{name}: left out, since only {len(having)} of {len(sources)} directories have it")
    combined["spk2utt"] = utt2spk_to_spk2utt(combined["utt2spk"])
    return combined


def _unique_utterances(tables: dict[str, Lines]) -> Lines:
    return [b"%s %s" % (key, key) for key in keys_of(tables["utt2spk"])]


def _whole_recordings(tables: dict[str, Lines]) -> Lines:
    return [b"%s %s 0 -1" % (key, key) for key in keys_of(tables["wav.scp"])]


def _perturbed(tables: dict[str, Lines], speed: str, prefix: str, speaker_prefix: str) -> dict[str, Lines]:
    """The tables at another speed (utils/data/perturb_data_dir_speed.sh; at 1.0, utils/copy_data_dir.sh)."""
    utterance, speaker, factor = prefix.encode(), speaker_prefix.encode(), float(speed)
    # as in Kaldi's script, recordings take the speaker's prefix where segments part them from utterances
    recording = speaker if "segments" in tables else utterance
    copy: dict[str, Lines] = {}
    for name in ("text", "utt2lang"):
        if name in tables:
            copy[name] = _prefixed(utterance, tables[name])
    for name, prefix_of in (("spk2gender", speaker), ("reco2file_and_channel", recording)):
        if name in tables:
            copy[name] = _prefixed(prefix_of, tables[name])
    rows = (line.split() for line in tables["utt2spk"])
    copy["utt2spk"] = [b"%s%s %s%s" % (utterance, key, speaker, name) for key, name in rows]
    copy["spk2utt"] = utt2spk_to_spk2utt(copy["utt2spk"])
    uniq = tables.get("utt2uniq") or _unique_utterances(tables)
    copy["utt2uniq"] = [b"%s%s %s" % (utterance, key_of(line), field_of(line, 1)) for line in uniq]
    copy["wav.scp"] = [recording + (line if factor == 1 else _played(line, speed)) for line in tables["wav.scp"]]
    if "segments" in tables:
        copy["segments"] = [
            line for old in tables["segments"] if (line := _segment(old, factor, utterance, recording)) is not None
        ]
    for name, key in (("utt2dur", utterance), ("reco2dur", recording)):
        if name in tables:
            copy[name] = [_duration(line, factor, key) for line in tables[name]]
    return copy


def _prefixed(prefix: bytes, lines: Lines) -> Lines:
    """Lines with another key, and single spaces between their fields (utils/apply_map.pl)."""
    return [prefix + b" ".join(line.split()) for line in lines]


def _played(line: bytes, speed: str) -> bytes:
    """A line of ``wav.scp`` whose audio is played at another speed, in Kaldi's three forms."""
    key, *words = re.sub(rb"\| *$", b" |", line).split()
    entry, speed_bytes = b" ".join(words), speed.encode()
    if entry.endswith(b"|"):
        return b"%s %s sox -t wav - -t wav - speed %s |" % (key, entry, speed_bytes)
    if re.search(rb":[0-9]+$", entry):
        return b"%s wav-copy %s - | sox -t wav - -t wav - speed %s |" % (key, entry, speed_bytes)
    return b"%s sox -t wav %s -t wav - speed %s |" % (key, entry, speed_bytes)


def _segment(line: bytes, factor: float, utterance: bytes, recording: bytes) -> bytes | None:
    """A segment at another speed; None where less than 10 ms is left of it."""
    key, name, start, end, *channel = line.split()
    if factor == 1:
        return b" ".join([utterance + key, recording + name, start, end, *channel])
    begin, finish = float(start) / factor, float(end) if float(end) == -1 else float(end) / factor
    if finish != -1 and finish <= begin + 0.01:
        return None
    last = b"-1" if finish == -1 else b"%.2f" % finish
    return b" ".join([utterance + key, recording + name, b"%.2f" % begin, last, *channel])


def _duration(line: bytes, factor: float, prefix: bytes) -> bytes:
    value = field_of(line, 1)
    try:
        seconds = float(value)
    except ValueError:
        raise DataError(f"found {tell(value)!r}, expected seconds", utterance=tell(key_of(line))) from None
    told = value.decode() if factor == 1 else f"{seconds / factor:.6g}"  # as awk prints numbers
    return b"%s%s %s" % (prefix, key_of(line), told.encode())
