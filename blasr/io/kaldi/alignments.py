"""Alignments: Kaldi's archives of integer vectors ``ali.*.gz``, binary or text, plain or gzipped."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from blasr.errors import DataError, FormatError
from blasr.io.kaldi.holders import INT_VECTOR
from blasr.io.kaldi.specifiers import Specifier, Wspecifier
from blasr.io.kaldi.table_writer import TableWriter
from blasr.io.kaldi.tables import read_table
from blasr.units import AnyArray, IntArray

logger: Final = logging.getLogger(__name__)
_NUM_NAMED: Final = 3
_ALIGNMENT_FILE: Final = re.compile(r"ali\.([0-9]+)(?:\.gz)?\Z")


def alignment_files(folder: Specifier) -> list[Path]:
    """The ``ali.N.gz`` (or ``ali.N``) files of a folder in the order of N; :class:`FormatError` if there are none."""
    if not Path(folder).is_dir():
        raise FormatError("there is no such folder", path=folder, fix="name a folder that `blasr align` wrote")
    files = numbered_archives(folder)
    if not files:
        raise FormatError("the folder has no ali.*.gz", path=folder, fix="name a folder that `blasr align` wrote")
    return files


def numbered_archives(folder: Specifier) -> list[Path]:
    """The ``ali.N.gz`` (or ``ali.N``) files of a folder that exists, in the order of N; there may be none."""
    numbered = {path: match for path in Path(folder).iterdir() if (match := _ALIGNMENT_FILE.match(path.name))}
    return sorted(numbered, key=lambda path: (int(numbered[path][1]), path.name))


def read_alignments(specifier: Specifier, *, allow_pipes: bool = False) -> Iterator[tuple[str, IntArray]]:
    """Yield utterance-ids and integer vectors ``(T,)``, for example one transition-id (from 1) per frame.

    Args:
        specifier: a file, an rspecifier such as ``"ark:gunzip -c ali.*.gz |"`` (the files are read, no command is
            run), or a folder with ``ali.*.gz``, which are read in numeric order.
        allow_pipes: run other commands in place of files.

    Alignments without a frame are yielded too; a warning counts them.

    Raises:
        FormatError: a file is truncated or corrupt or contains something else, or a command is not allowed.
        DataError: an utterance appears twice.
    """
    seen: set[str] = set()
    empty: list[str] = []
    for utterance, labels in _read_all(specifier, allow_pipes=allow_pipes):
        if utterance in seen:
            message = "the utterance appears twice in the alignments"
            raise DataError(message, path=specifier, utterance=utterance, fix="remove one of its alignments")
        seen.add(utterance)
        if not len(labels):
            empty.append(utterance)
        yield utterance, labels
    if empty:
        named = ", ".join(empty[:_NUM_NAMED]) + (", ..." if len(empty) > _NUM_NAMED else "")
        logger.warning("%s: %d of %d alignments have no frame: %s", specifier, len(empty), len(seen), named)


def _read_all(specifier: Specifier, *, allow_pipes: bool) -> Iterator[tuple[str, IntArray]]:
    if Path(specifier).is_dir():
        for path in alignment_files(specifier):
            yield from read_table(f"ark:{path}", INT_VECTOR)
    else:
        yield from read_table(specifier, INT_VECTOR, allow_pipes=allow_pipes)


def write_alignments(path: Specifier, items: Iterable[tuple[str, AnyArray]]) -> int:
    """Write integer vectors to a binary archive (gzipped if named ``.gz``); return the number of utterances."""
    with TableWriter(Wspecifier(os.fspath(path)), INT_VECTOR) as writer:
        for utterance, values in items:
            writer.write(utterance, values)
        return len(writer)
