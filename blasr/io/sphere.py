"""The header of NIST SPHERE audio (``.sph``), the format of LDC's telephone speech.

The header says how the samples after it are coded: mu-law, A-law or PCM in either byte order. Samples that are
compressed with *shorten*, as on many of LDC's discs, are expanded by NIST's ``sph2pipe``.
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
_LAWS: Final = {"ulaw": "ULAW", "mulaw": "ULAW", "mu-law": "ULAW", "alaw": "ALAW", "a-law": "ALAW"}
_PCM: Final = {1: "PCM_S8", 2: "PCM_16", 3: "PCM_24", 4: "PCM_32"}
_EXPAND: Final = (
    "expand it with NIST's sph2pipe: sph2pipe -f sph IN.sph OUT.sph (or let blasr run it: write Kaldi's entry "
    "`sph2pipe -f wav -p -c 1 IN.sph |` in wav.scp and pass --allow-pipes)"
)
_CONVERT: Final = "write it again from its source, or convert it with sox or sph2pipe"


@dataclass(frozen=True, slots=True)
class SampleCoding:
    """How samples are coded, in libsndfile's words: a subtype such as ``ULAW`` and a byte order."""

    subtype: str
    endian: str


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
        first, size, *_ = [part.strip() for part in (stream.read(32) + b"\n\n").split(b"\n")]
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
        """Check that the audio can be decoded.

        Raises:
            DataError: the audio is compressed, or a field is missing or cannot be right.
        """
        if self.compression is not None:
            message = f"is SPHERE compressed with {self.compression}, which libsndfile does not decode"
            raise DataError(message, fix=_EXPAND, reason="compressed SPHERE")
        for name, most in _LIMITS.items():
            value = self.fields.get(name, "1" if name == "channel_count" else "nothing")
            if not _NUMBER.fullmatch(value) or not 0 < int(value) <= most:
                message = f"has a damaged header: {name} is {value}, expected 1 to {most}"
                raise DataError(message, fix=_CONVERT)
        _ = self.coding

    @property
    def num_channels(self) -> int:
        """The number of channels, whose samples alternate."""
        return int(self.fields.get("channel_count", "1"))

    @property
    def sample_rate(self) -> int:
        """The sample rate in Hz."""
        return int(self.fields["sample_rate"])

    @property
    def coding(self) -> SampleCoding:
        """How the samples are coded.

        Raises:
            DataError: the header names a coding that is none of mu-law, A-law and PCM, or contradicts itself.
        """
        width, order = int(self.fields["sample_n_bytes"]), self.fields.get("sample_byte_format", "")
        usual = "ulaw" if width == 1 else "pcm"  # as in sph2pipe
        name = self.fields.get("sample_coding", usual).partition(",")[0].strip()
        if name in _LAWS and width == 1:
            return SampleCoding(_LAWS[name], "FILE")
        if name.partition("-")[0] != "pcm" or width not in _PCM:
            message = f"has SPHERE samples of {width} byte(s) in the coding {name!r}, expected mu-law, A-law or PCM"
            raise DataError(message, fix=_CONVERT, reason="in an unknown coding")
        if width == 1:
            return SampleCoding(_PCM[width], "FILE")
        digits = "".join(str(place) for place in range(width))
        if order not in (digits, digits[::-1]):
            found = f"sample_byte_format is {order or 'nothing'}, expected {digits} or {digits[::-1]}"
            raise DataError(f"has a damaged header: {found}", fix=_CONVERT)
        return SampleCoding(_PCM[width], "LITTLE" if order == digits else "BIG")

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


def is_compressed(path: str | Path) -> bool:
    """Whether a file is SPHERE with compressed samples."""
    try:
        return SphereHeader.read(path).compression is not None
    except FormatError:
        return False
