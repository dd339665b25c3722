"""The header of NIST SPHERE audio (``.sph``), the format of LDC's telephone speech.

libsndfile decodes SPHERE files with plain PCM or mu-law samples. It does not decode samples that are compressed with
*shorten*, as on many of LDC's discs; NIST's ``sph2pipe`` does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from blasr.errors import DataError, FormatError

_MAGIC: Final = b"NIST_1A"
_MAX_HEADER_BYTES: Final = 1 << 20
_NUMBER: Final = re.compile("[0-9]{1,18}")
_LIMITS: Final = {"sample_rate": 1_000_000, "channel_count": 1024, "sample_n_bytes": 8}
"""Fields that must be a number from 1, and the largest value of each."""


@dataclass(frozen=True, slots=True)
class SphereHeader:
    """The header of a SPHERE file.

    Attributes:
        num_bytes: the length of the header.
        fields: the values of its fields, as text.
    """

    num_bytes: int
    fields: dict[str, str]

    @classmethod
    def read(cls, path: str | Path) -> SphereHeader:
        """Read the header of a file. Lines other than fields (``name -type value``) are ignored, as in SPHERE.

        Raises:
            FormatError: the file cannot be read, or is not a SPHERE file.
        """
        try:
            with Path(path).open("rb") as stream:
                return cls.read_from(stream)
        except OSError as error:
            raise FormatError(f"cannot be read: {error.strerror}", path=path) from None
        except FormatError as error:
            raise error.at(path=path) from None

    @classmethod
    def read_from(cls, stream: BinaryIO) -> SphereHeader:
        """Read the header at the beginning of a stream, as :meth:`read`."""
        stream.seek(0)
        first, size = stream.readline(16), stream.readline(16).strip()
        if not first.startswith(_MAGIC) or not size.isdigit() or int(size) > _MAX_HEADER_BYTES:
            raise FormatError("is not a NIST SPHERE file: it does not begin with NIST_1A and the header's size")
        stream.seek(0)
        lines = stream.read(int(size)).decode("latin-1").split("\n")[2:]
        fields = {}
        for line in lines:
            if line.strip() == "end_head":
                break
            parts = line.split(maxsplit=2)
            if len(parts) == 3 and parts[1].startswith("-"):
                fields[parts[0]] = parts[2].strip()
        return cls(int(size), fields)

    def check(self) -> None:
        """Check that libsndfile can decode the audio.

        Raises:
            DataError: the audio is compressed, or a field is missing or cannot be right.
        """
        if self.compression is not None:
            message = f"is SPHERE compressed with {self.compression}, which libsndfile does not decode"
            raise DataError(message, fix="expand it with NIST's sph2pipe: sph2pipe -f sph IN.sph OUT.sph")
        for name, most in _LIMITS.items():
            value = self.fields.get(name, "1" if name == "channel_count" else "nothing")
            if not _NUMBER.fullmatch(value) or not 0 < int(value) <= most:
                message = f"has a damaged header: {name} is {value}, expected 1 to {most}"
                raise DataError(message, fix="write it again from its source, or convert it with sox or sph2pipe")

    @property
    def compression(self) -> str | None:
        """How the samples are compressed, for example ``shorten``; None if they are not."""
        for part in self.fields.get("sample_coding", "").split(",")[1:]:
            if part.startswith("embedded-"):
                return part.removeprefix("embedded-").partition("-")[0]
        return None

    @property
    def audio_bytes(self) -> int | None:
        """The bytes of samples that the header declares; None if they are compressed or a field is missing."""
        names = ("sample_count", "sample_n_bytes", "channel_count")
        values = [self.fields.get(name, "") for name in names]
        if self.compression is not None or not all(map(_NUMBER.fullmatch, values)):
            return None
        count, width, channels = map(int, values)
        return count * width * channels
