"""Recordings in large files: Kaldi's archives of waves, and shards in the format of ``tar``.

An entry ``FILE:OFFSET`` of ``wav.scp`` points at the first byte of a recording. In Kaldi's archives (``wav-copy
scp:wav.scp ark,scp:wav.ark,wav.scp``) that is a RIFF wave file. In a shard, whose name ends in ``.tar``, it is the
first byte of a member, which may be audio in any format. Kaldi's programs read the waves of a shard in the same way.
"""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from blasr.errors import DataError
from blasr.io.file_part import FilePart
from blasr.io.kaldi.tables import read_value
from blasr.io.kaldi.waves import STREAM_BYTES, WAVE_FILE

SHARD_SUFFIX: Final = ".tar"
"""The end of the name of a shard."""
_BLOCK: Final = tarfile.BLOCKSIZE
_RIFF_HEADER_BYTES: Final = 12
_NO_RECORDING: Final = "correct the offset in wav.scp, or write shards and wav.scp again with `blasr data pack`"
_CUT: Final = "copy the shard again from its source, or write it again with `blasr data pack`"


def recording_at(path: Path, offset: int) -> FilePart | io.BytesIO:
    """Return the recording of an archive that begins at a byte offset.

    Raises:
        DataError: the shard is cut short, or has no recording there.
        FormatError: the archive has no wave there, or is truncated.
    """
    if path.suffix == SHARD_SUFFIX:
        return _member_at(path, offset)
    size = path.stat().st_size
    with FilePart(path, offset, max(0, size - offset)) as stream:
        header = stream.read(_RIFF_HEADER_BYTES) or b""
    length = int.from_bytes(header[4:8], "little")
    if header[:4] == b"RIFF" and header[8:] == b"WAVE" and 4 <= length < STREAM_BYTES and offset + 8 + length <= size:
        return FilePart(path, offset, 8 + length)
    return io.BytesIO(read_value(f"{path}:{offset}", WAVE_FILE))  # to the end of the file, or an error


def _member_at(path: Path, offset: int) -> FilePart:
    size = path.stat().st_size
    if offset >= size:
        message = f"is cut short, or the offset is wrong: it has {size} bytes, a recording was expected at {offset}"
        raise DataError(message, path=path, fix=_CUT, reason="at an offset beyond the end of its shard")
    with FilePart(path, offset - _BLOCK, _BLOCK) as stream:
        header = stream.read(_BLOCK) if offset % _BLOCK == 0 and offset >= _BLOCK else b""
    try:
        member = tarfile.TarInfo.frombuf(header or b"", "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        member = None
    if member is None or not member.isreg():
        message = f"has no recording at byte {offset}"
        raise DataError(message, path=path, fix=_NO_RECORDING, reason="at an offset where no recording begins")
    if offset + member.size > size:
        message = f"is cut short: {member.name} ends at byte {offset + member.size}, the shard has {size}"
        raise DataError(message, path=path, fix=_CUT, reason="in a shard that is cut short")
    return FilePart(path, offset, member.size)


@dataclass
class ShardWriter:
    """Writes recordings to a shard; the same recordings give the same bytes.

    Args:
        stream: where the shard goes.
    """

    stream: BinaryIO

    def __post_init__(self) -> None:
        self._tar = tarfile.open(fileobj=self.stream, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 (see close)

    @property
    def num_bytes(self) -> int:
        """The bytes written so far."""
        return int(self._tar.offset)

    def add(self, name: str, size: int, audio: BinaryIO) -> int:
        """Append a recording of ``size`` bytes under a file name; return the offset of its first byte."""
        member = tarfile.TarInfo(name)
        member.size = size
        self._tar.addfile(member, audio)
        return self.num_bytes - -(-size // _BLOCK) * _BLOCK

    def close(self) -> None:
        """Write the end of the shard."""
        self._tar.close()
