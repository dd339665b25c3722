"""Lines of hand-written text files: lexicons, transcripts, symbol tables, NIST's files. One reader for all.

A file is read in blocks of lines, so its size does not matter. Only ``\\n`` ends a line, and only blanks and tabs
separate fields. A UTF-8 byte order mark at the beginning of the file and the ``\\r`` of ``\\r\\n`` are removed. A file
that begins with gzip's two bytes is decompressed, whatever its name.

Characters that look like a blank, or like nothing, would silently become a part of a word or split one. They are
refused with their line, column and code point, see :data:`UNUSUAL`.
"""

from __future__ import annotations

import gzip
import os
import re
import unicodedata
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

from blasr.errors import FormatError

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""What some editors write at the beginning of a file in UTF-8."""

GZIP_BYTES: Final = b"\x1f\x8b"
"""The beginning of every gzipped file."""

UNUSUAL: Final = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\xa0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\ufffe\uffff]"
)
"""Control characters except the tab, every Unicode space except the blank, and zero-width characters that are not a
part of any script (U+200B, U+2060, U+FEFF)."""

_OTHER_FILES: Final = {
    b"\xff\xfe": ("UTF-16", "convert it: iconv -f utf-16 -t utf-8"),
    b"\xfe\xff": ("UTF-16", "convert it: iconv -f utf-16 -t utf-8"),
    b"BZh": ("compressed by bzip2", "decompress it: bunzip2"),
    b"\xfd7zXZ\0": ("compressed by xz", "decompress it: unxz"),
    b"\x28\xb5\x2f\xfd": ("compressed by zstd", "decompress it: unzstd"),
    b"PK\x03\x04": ("a zip file, for example an office document", "save it as plain text in UTF-8"),
}
_BLOCK_BYTES: Final = 1 << 20
_ASCII_UNUSUAL: Final = bytes({*range(32), 127} - set(b"\t\n"))
_LEADING_BYTES: Final = (
    *(b"\xc2", b"\xe1\x9a\x80", b"\xe2\x80", b"\xe2\x81", b"\xe3\x80\x80"),
    *(b"\xef\xbb\xbf", b"\xef\xbf"),
)
"""Every unusual character outside ASCII begins with one of these in UTF-8. Looking for them first is faster."""
_NUM_NAMED: Final = 3


class UnusualCharacter(NamedTuple):
    """A character that :data:`UNUSUAL` matches, and its place; lines and columns count from 1."""

    line: int
    column: int
    character: str

    def __str__(self) -> str:
        name = unicodedata.name(self.character, "a control character")
        return f"U+{ord(self.character):04X} ({_CONTROL_NAMES.get(self.character, name)})"

    def fix(self, path: str | os.PathLike[str]) -> str:
        """What to do about it."""
        if self.character == "\r":
            return rf"end lines in \n only: sed -i 's/\r\+$//; s/\r/\n/g' {path}"
        if self.character == "\0":
            return "write the file again as plain text in UTF-8 (from UTF-16: iconv -f utf-16 -t utf-8)"
        written = "".join(f"\\x{byte:02x}" for byte in self.character.encode())
        if not self.character.isspace():
            return f"remove it: LC_ALL=C sed -i 's/{written}//g' {path}"
        return f"replace it with a plain blank, or remove it: LC_ALL=C sed -i 's/{written}/ /g' {path}"


_CONTROL_NAMES: Final = {
    "\0": "NUL",
    "\x0b": "VERTICAL TAB",
    "\x0c": "FORM FEED",
    "\r": "CARRIAGE RETURN",
    "\x85": "NEXT LINE",
    "\ufeff": "BYTE ORDER MARK",
}


def read_blocks(path: str | os.PathLike[str], *, fix: str | None = "check the path") -> Iterator[tuple[int, bytes]]:
    r"""Yield the lines of a UTF-8 file in blocks of whole lines, for readers that must be fast.

    Args:
        path: the file.
        fix: what to do if the file cannot be read.

    Yields:
        the number of the first line, from 1; and the lines. They are checked, and each ends in ``\n``, except perhaps
        the last of the file.

    Raises:
        FormatError: the file cannot be read, is not UTF-8, or has a character that :data:`UNUSUAL` matches.
    """
    number = 1
    try:
        with open_decompressed(path) as stream:
            for data in _raw_blocks(stream):
                block = _without_mark(data, path) if number == 1 else data
                if b"\r" in block:
                    block = block.replace(b"\r\n", b"\n").removesuffix(b"\r")
                found = _first_unusual(block, path, number)
                if found is not None:
                    _raise_unusual(path, found, number, block, stream)
                if block:
                    yield number, block
                number += block.count(b"\n")
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FormatError(f"cannot be read: {reason}", path=path, fix=fix) from None


def read_lines(path: str | os.PathLike[str], *, fix: str | None = "check the path") -> Iterator[tuple[int, str]]:
    """Yield the lines of a UTF-8 file and their numbers, which count from 1; the end of the line is removed.

    Args:
        path: the file.
        fix: what to do if the file cannot be read.

    Raises:
        FormatError: see :func:`read_blocks`.
    """
    for first, block in read_blocks(path, fix=fix):
        yield from enumerate(block.decode().removesuffix("\n").split("\n"), start=first)


def read_fields(path: str | os.PathLike[str], *, fix: str | None = "check the path") -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of every line that has any, and the line's number. Blanks and tabs separate fields.

    Arguments and errors are those of :func:`read_lines`.
    """
    for number, line in read_lines(path, fix=fix):
        if fields := line.split():  # every other white space was refused
            yield number, fields


def decode_line(data: bytes, path: str | os.PathLike[str], number: int | None = None) -> str:
    """Return one line of a text, without its end; for readers of streams that are not files.

    Args:
        data: the line.
        path: the file, for errors.
        number: the line's number, from 1; a byte order mark is removed from the first line.

    Raises:
        FormatError: the line is not UTF-8, or has a character that :data:`UNUSUAL` matches.
    """
    if number in (1, None):
        data = _without_mark(data, path)
    data = data.removesuffix(b"\n").removesuffix(b"\r")
    found = _first_unusual(data, path, number or 1)
    if found is not None:
        raise FormatError(_describe(found, 1, []), path=path, line=number, fix=found.fix(path))
    return data.decode()


@dataclass(frozen=True)
class InspectedText:
    """The lines of a file that may have problems, and these problems; lines are numbered from 1.

    Attributes:
        lines: without a byte order mark at the beginning and without their ends.
        has_byte_order_mark: whether the file begins with a byte order mark.
        carriage_returns: the numbers of the lines that end in a carriage return.
        unusual: the characters that :data:`UNUSUAL` matches, in the lines that are UTF-8.
        ends_in_newline: whether the last line has its end.
    """

    lines: list[bytes]
    has_byte_order_mark: bool = False
    carriage_returns: tuple[int, ...] = ()
    unusual: tuple[UnusualCharacter, ...] = ()
    ends_in_newline: bool = True


def inspect_lines(path: str | os.PathLike[str]) -> InspectedText:
    """Read all lines of a file, UTF-8 or not, for tools that report or repair what :func:`read_lines` refuses.

    Raises:
        FormatError: the file cannot be read.
    """
    try:
        with open_decompressed(path) as stream:
            data = stream.read()
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FormatError(f"cannot be read: {reason}", path=path, fix="make the file readable") from None
    text = data.removeprefix(BYTE_ORDER_MARK)
    lines = text.removesuffix(b"\n").split(b"\n") if text else []
    returns: tuple[int, ...] = ()
    if b"\r" in text:
        returns = tuple(number for number, line in enumerate(lines, start=1) if line.endswith(b"\r"))
        lines = [line.removesuffix(b"\r") for line in lines]
    unusual: list[UnusualCharacter] = []
    if _may_be_unusual(text):
        for number, line in enumerate(lines, start=1):
            unusual += _unusual_of_line(line.decode("utf-8", "replace"), number)
    return InspectedText(lines, len(text) < len(data), returns, tuple(unusual), not text or text.endswith(b"\n"))


def describe_lines(numbers: Sequence[int]) -> str:
    """Return ``line 4`` or ``lines 1, 2, 3 and 17 more``."""
    named = ", ".join(map(str, numbers[:_NUM_NAMED]))
    more = f" and {len(numbers) - _NUM_NAMED:,} more" if len(numbers) > _NUM_NAMED else ""
    return f"line{'s' if len(numbers) > 1 else ''} {named}{more}"


def describe_unusual(found: Sequence[UnusualCharacter]) -> str:
    """Return one sentence about unusual characters of a file; there is at least one."""
    return _describe(found[0], len(found), list(dict.fromkeys(item.line for item in found)))


@contextmanager
def open_decompressed(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file for reading bytes; it is decompressed if it begins with gzip's two bytes."""
    with ExitStack() as stack:
        file = stack.enter_context(Path(path).open("rb"))
        if file.peek(2)[:2] == GZIP_BYTES:
            yield cast("BinaryIO", stack.enter_context(gzip.GzipFile(fileobj=file)))
        else:
            yield file


def _raw_blocks(stream: BinaryIO) -> Iterator[bytes]:
    while data := stream.read(_BLOCK_BYTES):
        yield data if data.endswith(b"\n") else data + stream.readline()


def _without_mark(data: bytes, path: str | os.PathLike[str]) -> bytes:
    for start, (kind, fix) in _OTHER_FILES.items():
        if data.startswith(start):
            raise FormatError(f"is {kind}, expected plain text in UTF-8", path=path, fix=fix)
    return data.removeprefix(BYTE_ORDER_MARK)


def _first_unusual(block: bytes, path: str | os.PathLike[str], first_line: int) -> UnusualCharacter | None:
    """Return the first unusual character of a block; :class:`FormatError` if the block is not UTF-8."""
    try:
        text = block.decode()
    except UnicodeDecodeError as error:
        if b"\0" in block:
            raise FormatError(
                "is a binary file, expected plain text in UTF-8", path=path, fix="check the path"
            ) from None
        raise FormatError(
            f"the byte 0x{block[error.start]:02x} is not UTF-8",
            path=path,
            line=first_line + block.count(b"\n", 0, error.start),
            fix=f"convert the file to UTF-8, for example from Latin-1: iconv -f latin1 -t utf-8 {path}",
        ) from None
    if not _may_be_unusual(block):
        return None
    match = UNUSUAL.search(text)
    if match is None:
        return None
    place = match.start()
    column = place - text.rfind("\n", 0, place)
    return UnusualCharacter(first_line + text.count("\n", 0, place), column, match.group())


def _may_be_unusual(block: bytes) -> bool:
    if len(block.translate(None, _ASCII_UNUSUAL)) < len(block):
        return True
    return not block.isascii() and any(
        leading[:1] in block and leading in block  # a single byte is found many times faster
        for leading in _LEADING_BYTES
    )


def _unusual_of_line(line: str, number: int) -> list[UnusualCharacter]:
    return [UnusualCharacter(number, match.start() + 1, match.group()) for match in UNUSUAL.finditer(line)]


def _raise_unusual(
    path: str | os.PathLike[str], first: UnusualCharacter, number: int, block: bytes, stream: BinaryIO
) -> None:
    """Raise the error about an unusual character; the rest of the file is read to count them."""
    count, lines = 0, list[int]()
    while block:
        for line in block.decode("utf-8", "replace").removesuffix("\n").split("\n"):
            found = len(UNUSUAL.findall(line.removesuffix("\r")))
            count += found
            if found and len(lines) <= _NUM_NAMED:
                lines.append(number)
            number += 1
        block = next(_raw_blocks(stream), b"")
    raise FormatError(_describe(first, count, lines), path=path, line=first.line, fix=first.fix(path))


def _describe(first: UnusualCharacter, count: int, lines: Sequence[int]) -> str:
    message = f"column {first.column}: found {first}, expected only ASCII blanks and tabs between words"
    if first.character == "\r":
        message = f"column {first.column}: found {first} inside a line"
    if count > 1:
        named = ", ".join(map(str, lines[:_NUM_NAMED])) + (", ..." if len(lines) > _NUM_NAMED else "")
        message += f" (the file has {count:,} such characters, on line{'s' if len(lines) > 1 else ''} {named})"
    return message
