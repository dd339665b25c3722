"""The header of NIST SPHERE audio (``.sph``), the format of LDC's telephone speech.

libsndfile decodes SPHERE files with plain PCM or mu-law samples. It does not decode samples that are compressed with
*shorten*, as on many of LDC's discs; NIST's ``sph2pipe`` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blasr.errors import FormatError

_MAGIC: Final = b"NIST_1A"
_MAX_HEADER_BYTES: Final = 1 << 20


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
                first, size = stream.readline(16), stream.readline(16).strip()
                if not first.startswith(_MAGIC) or not size.isdigit() or int(size) > _MAX_HEADER_BYTES:
                    message = "is not a NIST SPHERE file: it does not begin with NIST_1A and the header's size"
                    raise FormatError(message, path=path)
                stream.seek(0)
                lines = stream.read(int(size)).decode("latin-1").splitlines()[2:]
        except OSError as error:
            raise FormatError(f"cannot be read: {error.strerror}", path=path) from None
        fields = {}
        for line in lines:
            if line.strip() == "end_head":
                break
            parts = line.split(maxsplit=2)
            if len(parts) == 3 and parts[1].startswith("-"):
                fields[parts[0]] = parts[2].strip()
        return cls(int(size), fields)

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
        if self.compression is not None or not all(value.isdigit() for value in values):
            return None
        count, width, channels = map(int, values)
        return count * width * channels
