"""The names of Kaldi's tables: rspecifiers, wspecifiers and the entries of script files (``util/kaldi-table``)."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final, Literal, Self

from blasr.errors import FormatError
from blasr.units import AnyArray

Specifier = str | os.PathLike[str]

_OPTIONS: Final = frozenset({"o", "no", "s", "ns", "cs", "ncs", "p", "np", "b", "t", "f", "nf", "bg", "ark", "scp"})
_SCRIPT_VALUE: Final = re.compile(
    r"(?P<file>.*?)(?::(?P<offset>[0-9]{1,18}))?(?:\[(?P<ranges>[^\[\]]*)\])?\Z", re.DOTALL
)
_RANGE: Final = re.compile(r"([0-9]{1,9}):([0-9]{1,9})\Z")
ROW_TOLERANCE: Final = 3
"""Rows that a range may reach beyond its matrix; it is cut there, as Kaldi does."""


def _split(text: str) -> tuple[list[str], str] | None:
    """The options before the first colon and the rest; None if ``text`` is a bare path."""
    head, colon, rest = text.partition(":")
    options = head.split(",")
    if not colon or not {"ark", "scp"} & set(options) or not _OPTIONS.issuperset(options):
        return None
    return options, rest.strip()


def is_table(name: str) -> bool:
    """Whether a name is a table's (``ark:...``, ``scp:...``), not a single file's."""
    return _split(name.strip()) is not None


@dataclass(frozen=True)
class Rspecifier:
    """A table to read: an archive or a script.

    Attributes:
        kind: ``ark`` or ``scp``.
        path: a file, ``-`` for the standard input, or a command that ends in ``|``.
        permissive: what cannot be read is warned of and skipped (option ``p``).
    """

    kind: Literal["ark", "scp"]
    path: str
    permissive: bool = False

    @classmethod
    def parse(cls, specifier: Specifier) -> Self:
        """Read an rspecifier or a path; a path ending in ``.scp`` is a script, any other an archive.

        The options ``s``, ``cs``, ``o`` and ``bg`` promise Kaldi an order; they are accepted and not needed here.
        """
        text = os.fspath(specifier).strip()
        found = _split(text)
        options: list[str] = []
        if found is None:
            kind, path = ("scp" if text.endswith(".scp") else "ark"), text
        else:
            options, path = found
            if {"ark", "scp"} <= set(options):
                raise FormatError(f"{text!r} names an archive and a script, where one of the two is read")
            kind = "scp" if "scp" in options else "ark"
        if not path:
            raise FormatError(f"{text!r} names no file")
        return cls("scp" if kind == "scp" else "ark", path, "p" in options)


@dataclass(frozen=True)
class Wspecifier:
    """A table to write: an archive, an archive and the script that points into it, or the files a script names.

    Attributes:
        ark: a file, ``-`` for the standard output, or a command that begins with ``|``; None without an archive.
        scp: the script to write, or without an archive the one to follow.
        binary: Kaldi's binary form, else its text (option ``t``).
        flush: write every value out at once (option ``f``).
        permissive: a value that the script has no file for is skipped (option ``p``).
    """

    ark: str | None
    scp: str | None = None
    binary: bool = True
    flush: bool = False
    permissive: bool = False

    @classmethod
    def parse(cls, specifier: Specifier) -> Self:
        """Read a wspecifier or a path, which is an archive's."""
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
    """What a line of a script file points at.

    Attributes:
        file: a file, or a command that ends in ``|``.
        offset: the byte at which the value begins.
        ranges: the rows, and the columns, that are wanted, as ``[ranges]``; None for all.
    """

    file: str
    offset: int = 0
    ranges: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``FILE``, ``FILE:OFFSET``, ``FILE:OFFSET[ROWS]`` or ``FILE:OFFSET[ROWS,COLUMNS]``."""
        match = _SCRIPT_VALUE.match(text)
        assert match is not None, "the pattern's first group takes whatever the others leave"
        if match["file"].rstrip().endswith("|"):
            return cls(match["file"], 0, match["ranges"])
        return cls(match["file"], int(match["offset"] or 0), match["ranges"])


def cut(array: AnyArray, ranges: str) -> AnyArray:
    """The part of an array that ``first:last`` of each dimension, both included, leaves; ``:`` is all of one.

    A range of rows may reach up to :data:`ROW_TOLERANCE` beyond the last, as in Kaldi (``util/kaldi-holder.cc``).

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
