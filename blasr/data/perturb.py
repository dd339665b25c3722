"""Every utterance of a data directory at several speeds (Kaldi's utils/data/perturb_data_dir_speed_3way.sh)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from blasr.data.combine import combine_tables, unique_utterances
from blasr.data.fix import FixReport, fix_data_dir
from blasr.data.tables import Lines, field_of, key_of, read_tables, readable, utt2spk_to_spk2utt, write_tables
from blasr.errors import ConfigError, DataError

SPEEDS = ("0.9", "1.0", "1.1")
"""The speeds of 3-way perturbation, as they appear in utterance-ids."""


def perturb_speed(
    source: Path,
    out: Path,
    *,
    speeds: Sequence[str] = SPEEDS,
    always_prefix: bool = False,
    speaker_prefix: bool = True,
) -> FixReport:
    """Write a data directory with every utterance at several speeds; the lines equal those of Kaldi's script.

    The ids of utterances, recordings and speakers at a speed other than 1.0 get the prefix ``sp0.9-`` or ``sp1.1-``.
    Their entries in ``wav.scp`` have Kaldi's form, ``sox -t wav FILE -t wav - speed 0.9 |``. blasr changes the speed
    of entries of that form itself, without a shell or sox; an entry that was a command before remains one.
    ``feats.scp``, ``cmvn.scp`` and ``vad.scp`` are left out. The times in ``utt2dur`` and ``reco2dur`` are divided by
    the speed.

    Args:
        source: a data directory.
        out: the folder to write.
        speeds: the factors, spelled as they should appear in the ids.
        always_prefix: add a prefix to the utterances at the original speed too.
        speaker_prefix: make a separate speaker for each speed.

    Returns:
        The changes of the fix.

    Raises:
        ConfigError: a speed is not a number from 0.5 to 2, or ``out`` is ``source``.
        DataError: the directory cannot be read or has no ``wav.scp``.
    """
    for speed in speeds:
        if not re.fullmatch(r"\d+(\.\d+)?", speed) or not 0.5 <= float(speed) <= 2:
            raise ConfigError(f"found the speed {speed!r}, expected a number from 0.5 to 2")
    if out.resolve() == source.resolve():
        raise ConfigError(f"the output folder {out} is also the source", fix="choose another output folder")
    tables = read_tables(source)
    if "wav.scp" not in tables:
        raise DataError("no such file", path=source / "wav.scp", fix="write it: the speed is changed in its entries")
    copies = []
    for speed in speeds:
        if float(speed) == 1 and not always_prefix:
            copies.append({name: lines for name, lines in tables.items() if name not in ("feats.scp", "cmvn.scp")})
        else:
            copies.append(_perturbed(tables, speed, f"sp{speed}-", f"sp{speed}-" if speaker_prefix else ""))
    report = FixReport()
    combined = combine_tables(copies, report)
    out.mkdir(parents=True, exist_ok=True)
    write_tables(out, combined)
    fixed = fix_data_dir(out)
    return FixReport(fixed.kept, fixed.removed, report.notes + fixed.notes)


def _perturbed(tables: dict[str, Lines], speed: str, prefix: str, speaker_prefix: str) -> dict[str, Lines]:
    """The tables at one speed (utils/data/perturb_data_dir_speed.sh; for 1.0, utils/copy_data_dir.sh)."""
    utterance, speaker, factor = prefix.encode(), speaker_prefix.encode(), float(speed)
    # as in Kaldi's script, recordings get the speaker's prefix where a segments file separates them from utterances
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
    uniq = tables.get("utt2uniq") or unique_utterances(tables)
    copy["utt2uniq"] = [b"%s%s %s" % (utterance, key_of(line), field_of(line, 1)) for line in uniq]
    copy["wav.scp"] = [recording + (line if factor == 1 else _wav_entry(line, speed)) for line in tables["wav.scp"]]
    if "segments" in tables:
        copy["segments"] = [
            line for old in tables["segments"] if (line := _segment(old, factor, utterance, recording)) is not None
        ]
    for name, key in (("utt2dur", utterance), ("reco2dur", recording)):
        if name in tables:
            copy[name] = [_duration(line, factor, key) for line in tables[name]]
    return copy


def _prefixed(prefix: bytes, lines: Lines) -> Lines:
    """Lines with a prefix before the key and single spaces between the fields (utils/apply_map.pl)."""
    return [prefix + b" ".join(line.split()) for line in lines]


def _wav_entry(line: bytes, speed: str) -> bytes:
    """A line of ``wav.scp`` that changes the speed of its audio, in one of Kaldi's three forms."""
    key, *words = re.sub(rb"\| *$", b" |", line).split()
    entry, speed_bytes = b" ".join(words), speed.encode()
    if entry.endswith(b"|"):
        return b"%s %s sox -t wav - -t wav - speed %s |" % (key, entry, speed_bytes)
    if re.search(rb":[0-9]+$", entry):
        return b"%s wav-copy %s - | sox -t wav - -t wav - speed %s |" % (key, entry, speed_bytes)
    return b"%s sox -t wav %s -t wav - speed %s |" % (key, entry, speed_bytes)


def _segment(line: bytes, factor: float, utterance: bytes, recording: bytes) -> bytes | None:
    """A segment at another speed; None if less than 10 ms is left of it."""
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
        raise DataError(f"found {readable(value)!r}, expected seconds", utterance=readable(key_of(line))) from None
    changed = value.decode() if factor == 1 else f"{seconds / factor:.6g}"  # as awk prints numbers
    return b"%s%s %s" % (prefix, key_of(line), changed.encode())
