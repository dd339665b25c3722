"""Script files (``.scp``): one line for every utterance, which says where its value is."""

from __future__ import annotations

from collections.abc import Iterator

from blasr.errors import FormatError
from blasr.io.kaldi.binary_streams import BinaryReader
from blasr.io.kaldi.extended_filenames import open_input
from blasr.io.text_lines import decode_line


def read_script(path: str, *, allow_pipes: bool = False) -> Iterator[tuple[str, str, int]]:
    """Yield the utterance-ids, file names and line numbers of an ``.scp`` file.

    Raises:
        FormatError: the file cannot be read, or a line has an utterance-id and no file.
    """
    with open_input(path, allow_pipes=allow_pipes) as (stream, size):
        reader = BinaryReader(stream, path, size)
        number = 0
        while data := reader.until(b"\n"):
            number += 1
            if data.strip():
                yield *parse_script_line(data, path, number), number


def parse_script_line(data: bytes, path: str, number: int | None = None) -> tuple[str, str]:
    """Split a line of a script into the utterance-id and the file name."""
    line = decode_line(data, path, number).strip()
    fields = line.split(maxsplit=1)
    if len(fields) != 2:
        raise FormatError(f"expected an utterance-id and a file, found {line[:80]!r}", path=path, line=number)
    return fields[0], fields[1]
