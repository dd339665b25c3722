"""The files of a Kaldi data directory as lines, for the tools that sort, filter and merge them as ``utils/*.sh`` do.

Lines are kept as bytes: text that is no UTF-8 passes through unchanged, and bytes sort as in the C locale.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from blasr.errors import DataError
from blasr.io.atomic import atomic_open

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
"""Files with an utterance-id first; ``wav.scp`` is one of them where there is no ``segments``."""

BY_SPEAKER = ("cmvn.scp", "spk2gender", "spk2warp")
"""Files with a speaker-id first, but for ``spk2utt``."""

BY_RECORDING = ("wav.scp", "reco2file_and_channel", "reco2dur")
"""Files with a recording-id first; without ``segments`` that is the utterance-id."""

ALL_TABLES = (*BY_UTTERANCE, *BY_SPEAKER, *BY_RECORDING, "spk2utt")


def read_lines(path: Path) -> Lines:
    """The lines of a file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", path=path) from None
    return data.removesuffix(b"\n").split(b"\n") if data else []


def read_tables(folder: Path, names: Iterable[str] = ALL_TABLES) -> dict[str, Lines]:
    """The lines of those files called ``names`` that a data directory has.

    Raises:
        DataError: there is no such folder, or no ``utt2spk`` in it.
    """
    if not (folder / "utt2spk").is_file():
        fix = "write it, one line for each: UTTERANCE SPEAKER" if folder.is_dir() else "give a Kaldi data directory"
        raise DataError("no such file", path=folder / "utt2spk", fix=fix)
    return {name: read_lines(folder / name) for name in names if (folder / name).is_file()}


def write_lines(path: Path, lines: Iterable[bytes]) -> None:
    """Write a file, whole or not at all."""
    with atomic_open(path) as stream:
        stream.writelines(line + b"\n" for line in lines)


def write_tables(folder: Path, tables: dict[str, Lines]) -> None:
    """Write the files of a data directory; its other files called as in :data:`ALL_TABLES` are removed."""
    for name in ALL_TABLES:
        if name in tables:
            write_lines(folder / name, tables[name])
        else:
            (folder / name).unlink(missing_ok=True)


def key_of(line: bytes) -> bytes:
    """The first field, empty on a blank line."""
    return line.split(None, 1)[0] if line.strip() else b""


def field_of(line: bytes, number: int) -> bytes:
    """The field of a line called ``number``, from 0; empty where there are fewer."""
    fields = line.split()
    return fields[number] if number < len(fields) else b""


def keys_of(lines: Iterable[bytes]) -> Lines:
    """The first field of every line."""
    return [key_of(line) for line in lines]


def filter_lines(lines: Iterable[bytes], keys: Collection[bytes], field: int = 0) -> Lines:
    """The lines one of whose fields is among ``keys``, as they are (utils/filter_scp.pl)."""
    wanted = keys if isinstance(keys, (set, frozenset, dict)) else set(keys)
    return [line for line in lines if field_of(line, field) in wanted]


def utt2spk_to_spk2utt(utt2spk: Iterable[bytes]) -> Lines:
    """Lines of ``spk2utt``: speakers in the order of their first utterance (utils/utt2spk_to_spk2utt.pl)."""
    speakers: dict[bytes, list[bytes]] = {}
    for line in utt2spk:
        utterance, speaker = line.split()[:2]
        speakers.setdefault(speaker, []).append(utterance)
    return [b" ".join([speaker, *utterances]) for speaker, utterances in speakers.items()]


def spk2utt_to_utt2spk(spk2utt: Iterable[bytes]) -> Lines:
    """Lines of ``utt2spk``, speaker by speaker (utils/spk2utt_to_utt2spk.pl)."""
    fields = (line.split() for line in spk2utt)
    return [b" ".join((utterance, speaker)) for speaker, *utterances in fields for utterance in utterances]


def speakers_of(folder: Path, utt2spk: Sequence[bytes]) -> dict[bytes, bytes]:
    """The speaker of every utterance, in the file's order.

    Raises:
        DataError: a line that is no utterance and speaker, or an utterance that stands twice.
    """
    speakers: dict[bytes, bytes] = {}
    for number, line in enumerate(utt2spk, start=1):
        fields = line.split()
        if len(fields) != 2:
            found = f"found {len(fields)} fields, expected UTTERANCE SPEAKER"
            raise DataError(found, path=folder / "utt2spk", line=number, fix=f"check it: blasr data check {folder}")
        if fields[0] in speakers:
            message = f"{readable(fields[0])} stands here again"
            raise DataError(message, path=folder / "utt2spk", line=number, fix=f"blasr data fix --data {folder}")
        speakers[fields[0]] = fields[1]
    return speakers


def readable(key: bytes) -> str:
    """A key for a message."""
    return key.decode(errors="backslashreplace")
