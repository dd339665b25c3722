"""The files of a Kaldi data directory as lines, for the tools that sort, filter and merge them like ``utils/*.sh``.

Lines are bytes: text that is not UTF-8 stays unchanged, and bytes sort as in the C locale.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from blasr.io.text_lines import inspect_lines

Lines = list[bytes]
"""Lines without their newlines."""

BY_UTTERANCE = (
    "utt2spk",
    "utt2uniq",
    "feats.scp",
    "vad.scp",
    "text",
    "segments",
    "utt2lang",
    "utt2dur",
    "utt2num_frames",
    "utt2warp",
)
"""Files with an utterance-id as the key; without ``segments``, ``wav.scp`` is one of them."""

BY_SPEAKER = ("cmvn.scp", "spk2gender", "spk2warp")
"""Files with a speaker-id as the key, except ``spk2utt``."""

BY_RECORDING = ("wav.scp", "reco2file_and_channel", "reco2dur")
"""Files with a recording-id as the key; without ``segments``, that is the utterance-id."""

ALL_TABLES = (*BY_UTTERANCE, *BY_SPEAKER, *BY_RECORDING, "spk2utt")


def read_lines(path: Path) -> Lines:
    """Return the lines of a file, without a byte order mark and carriage returns at their ends.

    Raises:
        FormatError: the file cannot be read.
    """
    return inspect_lines(path).lines


def read_tables(folder: Path, names: Iterable[str] = ALL_TABLES) -> dict[str, Lines]:
    """Return the lines of the files of a data directory called ``names``; files that do not exist are left out.

    Raises:
        DataError: the folder does not exist, or has no ``utt2spk``.
    """
    if not (folder / "utt2spk").is_file():
        fix = "write lines of the form: UTTERANCE SPEAKER" if folder.is_dir() else "give a Kaldi data directory"
        raise DataError("no such file", path=folder / "utt2spk", fix=fix)
    return {name: read_lines(folder / name) for name in names if (folder / name).is_file()}


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Write a file, whole or not at all."""
    with atomic_open(path) as stream:
        stream.writelines(line + b"\n" for line in lines)


def write_tables(folder: Path, tables: dict[str, Lines]) -> None:
    """Write the files of a data directory, and remove its other files named in :data:`ALL_TABLES`."""
    for name in ALL_TABLES:
        if name in tables:
            write_lines(folder / name, tables[name])
        else:
            (folder / name).unlink(missing_ok=True)


def key_of(line: bytes) -> bytes:
    """Return the first field of a line; empty if the line is blank."""
    return line.split(None, 1)[0] if line.strip() else b""


def field_of(line: bytes, number: int) -> bytes:
    """Return the field at index ``number`` of a line; empty if there are fewer fields."""
    fields = line.split()
    return fields[number] if number < len(fields) else b""


def keys_of(lines: Iterable[bytes]) -> Lines:
    """Return the first field of every line."""
    return [key_of(line) for line in lines]


def filter_lines(lines: Iterable[bytes], keys: Collection[bytes], field: int = 0) -> Lines:
    """Return, unchanged, the lines with one of ``keys`` as the field at index ``field`` (utils/filter_scp.pl)."""
    wanted = keys if isinstance(keys, (set, frozenset, dict)) else set(keys)
    return [line for line in lines if field_of(line, field) in wanted]


def utt2spk_to_spk2utt(utt2spk: Iterable[bytes]) -> Lines:
    """Return the lines of ``spk2utt``, speakers in the order of their first utterance (utils/utt2spk_to_spk2utt.pl)."""
    speakers: dict[bytes, list[bytes]] = {}
    for line in utt2spk:
        utterance, speaker = line.split()[:2]
        speakers.setdefault(speaker, []).append(utterance)
    return [b" ".join([speaker, *utterances]) for speaker, utterances in speakers.items()]


def spk2utt_to_utt2spk(spk2utt: Iterable[bytes]) -> Lines:
    """Return the lines of ``utt2spk``, speaker by speaker (utils/spk2utt_to_utt2spk.pl)."""
    fields = (line.split() for line in spk2utt)
    return [b" ".join((utterance, speaker)) for speaker, *utterances in fields for utterance in utterances]


def speakers_of(folder: Path, utt2spk: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return the speaker of every utterance, in the order of the file.

    Raises:
        DataError: a line is not an utterance and a speaker, or an utterance appears twice.
    """
    speakers: dict[bytes, bytes] = {}
    for number, line in enumerate(utt2spk, start=1):
        fields = line.split()
        if len(fields) != 2:
            found = f"found {len(fields)} fields, expected UTTERANCE SPEAKER"
            raise DataError(found, path=folder / "utt2spk", line=number, fix=f"blasr data check {folder}")
        if fields[0] in speakers:
            message = f"{readable(fields[0])} appears twice"
            raise DataError(message, path=folder / "utt2spk", line=number, fix=f"blasr data fix --data {folder}")
        speakers[fields[0]] = fields[1]
    return speakers


def readable(key: bytes) -> str:
    """Return a key as text for a message."""
    return key.decode(errors="backslashreplace")
