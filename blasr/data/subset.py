"""Parts of a data directory: a subset (utils/subset_data_dir.sh), or one part per job (utils/split_data.sh)."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

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
    speakers_of,
    spk2utt_to_utt2spk,
    utt2spk_to_spk2utt,
    write_tables,
)
from blasr.errors import ConfigError, DataError
from blasr.io.text_lines import read_fields

Choice = Literal["even", "first", "last", "shortest", "speakers", "per-spk"]
"""How :func:`subset_data_dir` chooses utterances."""


def subset_data_dir(source: Path, count: int, out: Path, choice: Choice = "even", *, seed: int = 0) -> int:
    """Write a data directory with about ``count`` utterances of another one; return their number.

    ``even`` takes utterances at even distances from the whole directory, and ``per-spk`` takes ``count`` utterances in
    this way from each speaker; both equal Kaldi's choice. ``first`` and ``last`` take the first or the last ones.
    ``shortest`` takes those with the fewest frames in ``utt2num_frames``, or else the fewest seconds in ``utt2dur``.
    ``speakers`` takes whole speakers at random until there are ``count`` utterances. Kaldi's own choice depends on the
    implementation of Perl's sort and cannot be reproduced, so this one follows ``seed``. To get the speakers of an
    existing Kaldi subset, list them for :func:`subset_by_list`.

    Raises:
        ConfigError: the count is below 1, or above the number of utterances.
        DataError: ``shortest`` without durations; or the directory cannot be read.
    """
    tables = read_tables(source)
    speakers_of(source, tables["utt2spk"])
    total = len(tables["utt2spk"])
    if count < 1 or (choice not in ("speakers", "per-spk") and count > total):
        raise ConfigError(f"asked for {count} utterances, but {source} has {total}", fix=f"ask for 1 to {total}")
    spk2utt = tables.get("spk2utt") or utt2spk_to_spk2utt(tables["utt2spk"])
    if choice == "speakers":
        chosen = spk2utt_to_utt2spk(_random_speakers(spk2utt, count, seed))
    elif choice == "per-spk":
        chosen = spk2utt_to_utt2spk(_evenly_of_speaker(line, count) for line in spk2utt)
    else:
        chosen = _chosen(source, tables, count, choice)
    return _write_part(tables, chosen, out)


def subset_by_list(source: Path, names: Path, out: Path, *, speakers: bool = False) -> int:
    """Write the utterances that a file lists, or those of the speakers that it lists; return their number.

    The first field of every line of ``names`` is the id.

    Raises:
        DataError: no listed id is in the directory; or the list or the directory cannot be read.
    """
    tables = read_tables(source)
    wanted = [fields[0].encode() for _, fields in read_fields(names, fix="give a file with one id on each line")]
    if speakers:
        spk2utt = tables.get("spk2utt") or utt2spk_to_spk2utt(tables["utt2spk"])
        chosen = spk2utt_to_utt2spk(filter_lines(spk2utt, wanted))
    else:
        chosen = filter_lines(tables["utt2spk"], wanted)
    if not chosen:
        what = "speakers" if speakers else "utterances"
        fix = f"give a list of {what} of {source}"
        raise DataError(f"none of its {len(wanted)} {what} is in {source}", path=names, fix=fix)
    return _write_part(tables, chosen, out)


def split_data_dir(folder: Path, parts: int, *, per_utterance: bool = False) -> tuple[Path, ...]:
    """Split a data directory into ``folder/splitN/1`` to ``folder/splitN/N``, with whole speakers in each part.

    Every file of the parts equals that of Kaldi's script. If all parts exist already and are newer than the files of
    the directory, nothing is written.

    Args:
        folder: a data directory.
        parts: N.
        per_utterance: allow a speaker in several parts; the folder is then called ``splitNutt``.

    Returns:
        the folders of the parts.

    Raises:
        ConfigError: a part would be empty, for example because there are more parts than speakers.
        DataError: the directory cannot be read.
    """
    if parts < 1:
        raise ConfigError(f"asked for {parts} parts, expected 1 or more")
    folders = tuple(folder / f"split{parts}{'utt' if per_utterance else ''}" / str(part + 1) for part in range(parts))
    tables = read_tables(folder)
    if _up_to_date(folder, tables, folders):
        return folders
    speakers = speakers_of(folder, tables["utt2spk"])
    if per_utterance:
        pieces = _equal_parts(tables["utt2spk"], parts, folder)
    else:
        pieces = _speaker_parts(tables["utt2spk"], speakers, parts, folder)
    for path, piece in zip(folders, pieces, strict=True):
        _write_part(tables, piece, path)
    return folders


def _chosen(source: Path, tables: dict[str, Lines], count: int, choice: Choice) -> Lines:
    utt2spk = tables["utt2spk"]
    if choice == "first":
        return utt2spk[:count]
    if choice == "last":
        return utt2spk[-count:]
    if choice == "shortest":
        return filter_lines(utt2spk, _shortest(source, tables, count))
    return [utt2spk[index] for index in _evenly(0, len(utt2spk), count)]


def _evenly(start: int, end: int, count: int) -> list[int]:
    """``count`` numbers from ``start`` to before ``end``, found by repeated halving (utils/subset_scp.pl)."""
    if end - start == 1:
        return [start] * count
    middle, half = start + (end - start) // 2, count // 2
    return _evenly(start, middle, half) + _evenly(middle, end, count - half)


def _evenly_of_speaker(line: bytes, count: int) -> bytes:
    """A line of ``spk2utt`` with ``count`` of its utterances, evenly spaced, or all of them if there are fewer."""
    speaker, *utterances = line.split()
    step = max(1, len(utterances) // count)
    return b" ".join([speaker, *utterances[: count * step : step]])


def _shortest(source: Path, tables: dict[str, Lines], count: int) -> Lines:
    name = next((name for name in ("utt2num_frames", "utt2dur") if name in tables), None)
    if name is None:
        fix = "write utt2dur (UTTERANCE SECONDS): blasr data durations --data " + str(source)
        raise DataError(
            "has neither utt2num_frames nor utt2dur; one of them is needed to find the shortest utterances",
            path=source,
            fix=fix,
        )
    lengths = []
    for number, line in enumerate(tables[name], start=1):
        try:
            lengths.append((float(field_of(line, 1)), line))
        except ValueError:
            message = f"found {readable(field_of(line, 1))!r}, expected a number"
            raise DataError(message, path=source / name, line=number, fix="correct the line") from None
    return keys_of(line for _, line in sorted(lengths)[:count])


def _random_speakers(spk2utt: Sequence[bytes], count: int, seed: int) -> Lines:
    shuffled = list(spk2utt)
    random.Random(seed).shuffle(shuffled)
    chosen: Lines = []
    total = 0
    for line in shuffled:
        if total < count:
            chosen.append(line)
        total += len(line.split()) - 1
    return sorted(chosen, key=key_of)


def _equal_parts(lines: Lines, parts: int, folder: Path) -> list[Lines]:
    """Parts that differ by at most one line, the longer ones first."""
    size, longer = divmod(len(lines), parts)
    if size == 0:
        fix = f"use at most {len(lines)} jobs"
        raise ConfigError(f"{len(lines)} utterances cannot fill {parts} parts", path=folder, fix=fix)
    ends = [size * part + min(part, longer) for part in range(parts + 1)]
    return [lines[begin:end] for begin, end in pairwise(ends)]


def _speaker_parts(utt2spk: Lines, speakers: dict[bytes, bytes], parts: int, folder: Path) -> list[Lines]:
    """Parts of whole speakers with nearly the same number of utterances (utils/split_scp.pl --utt2spk).

    The parts begin with nearly the same number of speakers. Then the first or last speaker of a part moves to the
    neighboring part as long as that makes the two parts' numbers of utterances more equal.
    """
    lines_of: dict[bytes, Lines] = {}
    for line in utt2spk:
        lines_of.setdefault(speakers[key_of(line)], []).append(line)
    if len(lines_of) < parts:
        message = f"{len(lines_of)} speakers cannot fill {parts} parts"
        raise ConfigError(message, path=folder, fix=f"use at most {len(lines_of)} jobs, or split with --per-utt")
    groups: list[list[bytes]] = [[] for _ in range(parts)]
    for index, speaker in enumerate(lines_of):
        groups[index * parts // len(lines_of)].append(speaker)
    sizes = [sum(len(lines_of[speaker]) for speaker in group) for group in groups]

    def moves(source: int, target: int, speaker: bytes) -> bool:
        """Whether moving the speaker makes the two parts more equal; if so, change their sizes."""
        count = len(lines_of[speaker])
        if abs((sizes[target] + count) - (sizes[source] - count)) >= abs(sizes[target] - sizes[source]):
            return False
        sizes[target] += count
        sizes[source] -= count
        return True

    changed = True
    while changed:
        changed = False
        for part, group in enumerate(groups):
            if part + 1 < parts and group and moves(part, part + 1, group[-1]):
                groups[part + 1].insert(0, group.pop())
                changed = True
            if part > 0 and group and moves(part, part - 1, group[0]):
                groups[part - 1].append(group.pop(0))
                changed = True
    if not all(groups):
        message = f"part {groups.index([]) + 1} of {parts} would be empty, since parts have whole speakers"
        raise ConfigError(message, path=folder, fix="use fewer jobs, or split with --per-utt")
    return [[line for speaker in group for line in lines_of[speaker]] for group in groups]


def _up_to_date(folder: Path, tables: Collection[str], parts: Sequence[Path]) -> bool:
    """Whether every part has the files of the directory and no others, and none is older than the original."""
    for part in parts:
        if any((part / name).is_file() for name in ALL_TABLES if name not in tables and name != "spk2utt"):
            return False
        for name in tables:
            copy = part / name
            if not copy.is_file() or copy.stat().st_mtime < (folder / name).stat().st_mtime:
                return False
    return True


def _write_part(tables: dict[str, Lines], utt2spk: Lines, out: Path) -> int:
    """Write the lines of every table that belong to these utterances; return the number of utterances."""
    utterances = set(keys_of(utt2spk))
    spk2utt = utt2spk_to_spk2utt(utt2spk)
    part = {name: filter_lines(tables[name], utterances) for name in BY_UTTERANCE if name in tables}
    part |= {name: filter_lines(tables[name], set(keys_of(spk2utt))) for name in BY_SPEAKER if name in tables}
    recordings = {field_of(line, 1) for line in part["segments"]} if "segments" in part else utterances
    part |= {name: filter_lines(tables[name], recordings) for name in BY_RECORDING if name in tables}
    part |= {"utt2spk": utt2spk, "spk2utt": spk2utt}
    write_tables(out, part)
    return len(utt2spk)
