"""The header of NIST SPHERE audio (``.sph``), in which LDC's telephone speech is stored.

libsndfile decodes SPHERE with plain PCM or mu-law samples. Files whose samples are compressed with *shorten* inside
SPHERE, as on many of LDC's discs, it does not; NIST's ``sph2pipe`` expands them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from blasr.errors import FormatError

MAGIC = b"NIST_1A"
MAX_HEADER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class SphereHeader:
    """What the header says: the values of its fields, all as text, and how many bytes it takes."""

    num_bytes: int
    fields: dict[str, str]

    @classmethod
    def read(cls, path: str | Path) -> SphereHeader:
        """The header of a file; lines that are no field (``name -type value``) are passed over, as SPHERE does.

        Raises:
            FormatError: the file cannot be read, or does not begin as SPHERE does.
        """
        try:
            with Path(path).open("rb") as stream:
                first, size = stream.readline(16), stream.readline(16).strip()
                if not first.startswith(MAGIC) or not size.isdigit() or int(size) > MAX_HEADER_BYTES:
                    message = "is no NIST SPHERE file: it does not begin with NIST_1A and the header's size"
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
        """How the samples are compressed, such as ``shorten``; None where they are not."""
        for part in self.fields.get("sample_coding", "").split(",")[1:]:
            if part.startswith("embedded-"):
                return part.removeprefix("embedded-").partition("-")[0]
        return None

    @property
    def audio_bytes(self) -> int | None:
        """Bytes of samples that the header declares; None where they are compressed or it does not say."""
        names = ("sample_count", "sample_n_bytes", "channel_count")
        values = [self.fields.get(name, "") for name in names]
        if self.compression is not None or not all(value.isdigit() for value in values):
            return None
        count, width, channels = map(int, values)
        return count * width * channels
