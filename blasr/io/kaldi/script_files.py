"""Script files (``.scp``): a line for every utterance that tells where its value is."""

from __future__ import annotations

from collections.abc import Iterator

from blasr.errors import FormatError
from blasr.io.kaldi.binary_streams import BinaryReader
from blasr.io.kaldi.extended_filenames import open_input


def read_script(path: str, *, allow_pipes: bool = False) -> Iterator[tuple[str, str, int]]:
    """Utterance-ids, values and line numbers of an ``.scp`` file; :class:`FormatError` on an id without a value."""
    with open_input(path, allow_pipes=allow_pipes) as (stream, size):
        reader = BinaryReader(stream, path, size)
        number = 0
        while data := reader.until(b"\n"):
            number += 1
            if data.strip():
                yield *parse_script_line(data, path, number), number


def parse_script_line(data: bytes, path: str, number: int | None = None) -> tuple[str, str]:
    """The utterance-id and the value of a line of a script."""
    try:
        line = data.decode("utf-8").strip()
    except UnicodeDecodeError:
        raise FormatError(f"{data[:80]!r} is not UTF-8", path=path, line=number) from None
    fields = line.split(maxsplit=1)
    if len(fields) != 2:
        raise FormatError(f"expected an utterance-id and a file, found {line[:80]!r}", path=path, line=number)
    return fields[0], fields[1]
