"""The names of Kaldi's tables: rspecifiers, wspecifiers and the entries of script files (``util/kaldi-table``)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final, Literal, Self

from blasr.errors import FormatError
from blasr.units import AnyArray

Specifier = str | os.PathLike[str]
"""A path, or the name of a table such as ``ark:FILE``."""

_OPTIONS: Final = frozenset({"o", "no", "s", "ns", "cs", "ncs", "p", "np", "b", "t", "f", "nf", "bg", "ark", "scp"})
_RANGES: Final = re.compile(r"\[([^\[\]]*)\]\Z")
_OFFSET: Final = re.compile(r":([0-9]{1,18})\Z")
_RANGE: Final = re.compile(r"([0-9]{1,9}):([0-9]{1,9})\Z")
ROW_TOLERANCE: Final = 3
"""How many rows a range may reach beyond the matrix. The range is shortened to the matrix, as in Kaldi."""


def _split(text: str) -> tuple[list[str], str] | None:
    """Split off the options before the first colon; None if ``text`` is a bare path."""
    head, colon, rest = text.partition(":")
    options = head.split(",")
    if not colon or not {"ark", "scp"} & set(options) or not _OPTIONS.issuperset(options):
        return None
    return options, rest.strip()


def is_table(name: str) -> bool:
    """Whether a name is a table (``ark:...``, ``scp:...``) and not a single file."""
    return _split(name.strip()) is not None


@dataclass(frozen=True)
class Rspecifier:
    """A table to read: an archive or a script.

    Attributes:
        kind: ``ark`` or ``scp``.
        path: a file, ``-`` for the standard input, or a command that ends in ``|``.
        permissive: skip values that cannot be read, with a warning (option ``p``).
    """

    kind: Literal["ark", "scp"]
    path: str
    permissive: bool = False

    @classmethod
    def parse(cls, specifier: Specifier) -> Self:
        """Parse an rspecifier or a path; a path ending in ``.scp`` is a script, any other an archive.

        The options ``s``, ``cs`` and ``o`` promise an order, and ``bg`` asks for a thread. They are ignored.

        Raises:
            FormatError: no file is named, or both an archive and a script.
        """
        text = os.fspath(specifier).strip()
        found = _split(text)
        options: list[str] = []
        if found is None:
            kind, path = ("scp" if text.endswith(".scp") else "ark"), text
        else:
            options, path = found
            if {"ark", "scp"} <= set(options):
                raise FormatError(f"{text!r} names an archive and a script, expected one of the two")
            kind = "scp" if "scp" in options else "ark"
        if not path:
            raise FormatError(f"{text!r} names no file")
        return cls("scp" if kind == "scp" else "ark", path, "p" in options)


@dataclass(frozen=True)
class Wspecifier:
    """A table to write: an archive, an archive and the script that points into it, or the files a script names.

    Attributes:
        ark: a file, ``-`` for the standard output, or a command that begins with ``|``; None without an archive.
        scp: the script to write; without an archive, an existing script that names the file of every value.
        binary: Kaldi's binary form, otherwise its text form (option ``t``).
        flush: flush the file after every value (option ``f``).
        permissive: skip a value for which the script has no file (option ``p``).
    """

    ark: str | None
    scp: str | None = None
    binary: bool = True
    flush: bool = False
    permissive: bool = False

    @classmethod
    def parse(cls, specifier: Specifier) -> Self:
        """Parse a wspecifier, or a path, which names an archive.

        Raises:
            FormatError: a file name is missing.
        """
        text = os.fspath(specifier).strip()
        found = _split(text)
        options, path = found if found is not None else (["ark"], text)
        ark, scp = (path if "ark" in options else None), (path if "scp" in options else None)
        if ark is not None and scp is not None:
            ark, _, scp = (part.strip() for part in path.partition(","))
        if ark == "" or scp == "":
            raise FormatError(f"{text!r} names no file for an archive or a script")
        return cls(ark, scp, "t" not in options, "f" in options, "p" in options)


@dataclass(frozen=True)
class ScriptEntry:
    """The place that a line of a script file points at.

    Attributes:
        file: a file, or a command that ends in ``|``.
        offset: the byte at which the value begins.
        ranges: the selected rows and columns, as in ``[ROWS,COLUMNS]``; None for all.
    """

    file: str
    offset: int = 0
    ranges: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse ``FILE``, ``FILE:OFFSET``, ``FILE:OFFSET[ROWS]`` or ``FILE:OFFSET[ROWS,COLUMNS]``."""
        ranges = match[1] if (match := _RANGES.search(text)) else None
        name = text if match is None else text[: match.start()]
        if name.rstrip().endswith("|") or not (offset := _OFFSET.search(name)):
            return cls(name, 0, ranges)
        return cls(name[: offset.start()], int(offset[1]), ranges)


def select_range(array: AnyArray, ranges: str) -> AnyArray:
    """Select ``first:last``, both included, of each dimension of an array; ``:`` selects all of a dimension.

    A range of rows may reach up to :data:`ROW_TOLERANCE` beyond the last row, as in Kaldi (``util/kaldi-holder.cc``).

    Raises:
        ValueError: a range does not fit the array.
    """
    limits = ranges.split(",")
    if len(limits) > array.ndim:
        raise ValueError(f"the range [{ranges}] does not fit the shape {array.shape}")
    for axis, limit in enumerate(limits):
        if limit in ("", ":"):
            continue
        match = _RANGE.match(limit)
        first, last = (int(match[1]), int(match[2])) if match else (1, 0)
        size = array.shape[axis]
        if not first <= last < size + (ROW_TOLERANCE if axis == 0 else 0) or first >= size:
            raise ValueError(f"the range [{ranges}] does not fit the shape {array.shape}")
        part = slice(first, min(last + 1, size))
        array = array[part] if axis == 0 else array[:, part]
    return array
