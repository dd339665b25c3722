"""The audio of a data directory in a few large files (shards), for disks on a network that are slow at small files."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from blasr.data.fix import FixReport, fix_data_dir
from blasr.data.tables import Lines, field_of, key_of, keys_of, read_tables, readable, write_tables
from blasr.errors import UTTERANCE_ERRORS, ConfigError, DataError
from blasr.io import SHARD_SUFFIX, RecordingEntry, ShardWriter, atomic_open, locked_folder, read_stored
from blasr.io.kaldi.specifiers import ScriptEntry
from blasr.progress import track
from blasr.tally import Tally

logger = logging.getLogger(__name__)

_VERSION: Final = 1


@dataclass(frozen=True)
class _Recording:
    """A recording to store.

    Attributes:
        name: the id of the first recording that uses it.
        entry: what to store; its speed is 1.
        source: the file that has it, with its size and modification time; None for a command or a missing file.
    """

    name: str
    entry: RecordingEntry
    source: list[Any] | None

    def facts(self) -> dict[str, Any]:
        """Return what must be equal for a stored recording to be used again."""
        return {"name": self.name, "entry": asdict(self.entry), "source": self.source}


@dataclass(frozen=True)
class _Place:
    """Where a recording is: an offset in a shard; or why it is left out."""

    offset: int | None
    error: str = ""
    reason: str = ""
    fix: str | None = None


def pack_data_dir(
    source: Path, out: Path, *, shard_bytes: int, max_loss: float = 0.05, allow_pipes: bool = False
) -> tuple[Tally, FixReport]:
    """Write a data directory whose audio is in shards ``audio.000001.tar`` and so on.

    A file stays as it is, byte for byte, whatever its format, and is stored once even if several recordings use it.
    Kaldi's programs read the wave files among them, too. See :func:`blasr.io.read_stored` for the other entries. The
    other tables are copied, and the result is fixed as by :func:`fix_data_dir`.

    If ``out`` has shards of an earlier run that stopped, those of the same recordings are kept. The tables are written
    at the end.

    Args:
        source: a data directory.
        out: the folder to write.
        shard_bytes: a shard ends with the recording that reaches this size.
        max_loss: the largest share of recordings that may be dropped.
        allow_pipes: run commands in ``wav.scp`` and store what they write.

    Returns:
        The count of recordings, and the changes of the fix.

    Raises:
        ConfigError: ``out`` is ``source``.
        DataError: there is no ``wav.scp``, too many recordings cannot be read, or one changes while it is read.
    """
    if out.resolve() == source.resolve():
        raise ConfigError(f"the output folder {out} is also the source", fix="choose another output folder")
    tables = read_tables(source)
    if "wav.scp" not in tables:
        raise DataError("no such file", path=source / "wav.scp", fix="write it: it names the audio to pack")
    entries = {
        key_of(line): RecordingEntry.parse(readable(line.partition(b" ")[2].strip())) for line in tables["wav.scp"]
    }
    recordings: dict[RecordingEntry, _Recording] = {}
    for key, entry in entries.items():
        stored = _stored_entry(entry)
        if stored not in recordings:
            recordings[stored] = _Recording(readable(key), stored, _describe(stored))
    tally = Tally("pack", max_loss, unit="recordings")
    with locked_folder(out):
        for leftover in out.glob(f".audio.*.tmp{SHARD_SUFFIX}"):
            leftover.unlink()
        packer = _Packer(out, shard_bytes, tally, len(recordings), allow_pipes)
        places = dict(zip(recordings, packer.pack(list(recordings.values())), strict=True))
        tally.check()
        lines = [_line(key, entry, places[_stored_entry(entry)]) for key, entry in entries.items()]
        tables["wav.scp"] = [line for line in lines if line is not None]
        _drop_utterances(tables)
        write_tables(out, tables)
        return tally, fix_data_dir(out)


def _value(line: bytes) -> str:
    return os.fsdecode(line.split(None, 1)[-1].rstrip())


def _stored_entry(entry: RecordingEntry) -> RecordingEntry:
    return RecordingEntry(entry.source, entry.channel, expander=entry.expander)


def _describe(entry: RecordingEntry) -> list[Any] | None:
    if entry.is_command:
        return None
    path = Path(ScriptEntry.parse(entry.source).file)
    try:
        status = path.stat()
    except OSError:
        return None
    return [str(path.resolve()), status.st_size, status.st_mtime_ns]


def _line(key: bytes, entry: RecordingEntry, place: str | None) -> bytes | None:
    return None if place is None else b"%s %s" % (key, entry.stored_at(place).encode(errors="surrogateescape"))


def _drop_utterances(tables: dict[str, Lines]) -> None:
    """Remove the utterances of recordings that are not in ``wav.scp`` any more."""
    left = set(keys_of(tables["wav.scp"]))
    if "segments" in tables:
        lost = {key_of(line) for line in tables["segments"] if field_of(line, 1) not in left}
        tables["segments"] = [line for line in tables["segments"] if key_of(line) not in lost]
        tables["utt2spk"] = [line for line in tables["utt2spk"] if key_of(line) not in lost]
    else:
        tables["utt2spk"] = [line for line in tables["utt2spk"] if key_of(line) in left]


@dataclass
class _Packer:
    out: Path
    shard_bytes: int
    tally: Tally
    total: int
    allow_pipes: bool

    def pack(self, recordings: Sequence[_Recording]) -> Iterator[str | None]:
        """Yield ``FILE:OFFSET`` of every recording, None for those left out; write the shards that are missing."""
        done, number = 0, 0
        progress = track(range(len(recordings)), "recordings")
        while done < len(recordings):
            number += 1
            shard = self.out.absolute() / f"audio.{number:06d}{SHARD_SUFFIX}"
            places = self._finished(shard, recordings, done)
            if places is None:
                places = self._write(shard, recordings, done)
            else:
                logger.info("pack: %s is complete already: %d recordings", shard.name, len(places))
            for recording, place in zip(recordings[done : done + len(places)], places, strict=True):
                next(progress, None)
                self._count(recording, place)
                yield None if place.offset is None else f"{shard}:{place.offset}"
            done += len(places)
        for later in self.out.glob(f"audio.*{SHARD_SUFFIX}"):
            if later.stem.partition(".")[2].isdecimal() and int(later.stem.partition(".")[2]) > number:
                later.unlink()  # of an earlier run with smaller shards
                later.with_suffix(".json").unlink(missing_ok=True)
        next(progress, None)

    def _count(self, recording: _Recording, place: _Place) -> None:
        if place.offset is not None:
            self.tally.keep()
            return
        error = DataError(place.error, reason=place.reason, path=recording.entry.source, fix=place.fix)
        self.tally.drop_error(recording.name, error)
        self.tally.check_early(self.total)

    def _finished(self, shard: Path, recordings: Sequence[_Recording], first: int) -> list[_Place] | None:
        """Return the places in a shard of an earlier run if it is complete and has exactly the next recordings."""
        try:
            manifest = json.loads(shard.with_suffix(".json").read_text(encoding="utf-8"))
            header = [manifest[name] for name in ("version", "shard_bytes", "size")]
            places = [_Place(**place) for place in manifest["places"]]
            if header != [_VERSION, self.shard_bytes, shard.stat().st_size] or not places:
                return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        part = recordings[first : first + len(places)]
        is_full = manifest["is_full"] or first + len(places) == len(recordings)
        is_same = is_full and manifest["recordings"] == [item.facts() for item in part]
        left_out = [item for item, place in zip(part, places, strict=False) if place.offset is None]
        return places if is_same and all(map(self._is_bad, left_out)) else None

    def _is_bad(self, recording: _Recording) -> bool:
        """Whether a recording that an earlier run left out cannot be read now either."""
        try:
            read_stored(recording.entry, allow_pipes=self.allow_pipes).stream.close()
        except UTTERANCE_ERRORS:
            return True
        return False

    def _write(self, shard: Path, recordings: Sequence[_Recording], first: int) -> list[_Place]:
        """Write one shard and its manifest; return the places of its recordings."""
        manifest = shard.with_suffix(".json")
        manifest.unlink(missing_ok=True)
        places: list[_Place] = []
        with atomic_open(shard) as stream:
            writer = ShardWriter(stream)
            while first + len(places) < len(recordings) and writer.num_bytes < self.shard_bytes:
                places.append(self._add(writer, recordings[first + len(places)]))
            is_full = writer.num_bytes >= self.shard_bytes
            writer.close()
        facts = [item.facts() for item in recordings[first : first + len(places)]]
        content: dict[str, Any] = {"version": _VERSION, "shard_bytes": self.shard_bytes, "size": shard.stat().st_size}
        content |= {"is_full": is_full, "recordings": facts, "places": [asdict(place) for place in places]}
        with atomic_open(manifest, "w") as text:
            json.dump(content, text)
        return places

    def _add(self, writer: ShardWriter, recording: _Recording) -> _Place:
        try:
            audio = read_stored(recording.entry, allow_pipes=self.allow_pipes)
        except UTTERANCE_ERRORS as error:
            return _Place(None, error.message, error.reason, error.fix)
        name = recording.name.replace(os.sep, "_") + audio.suffix
        with audio.stream:
            try:
                return _Place(writer.add(name, audio.num_bytes, audio.stream))
            except OSError as error:
                if error.errno is not None:
                    raise
                message = "became shorter while it was read"
                raise DataError(message, path=recording.entry.source, fix="run the command again") from None
