"""Text for language models: one sentence of words per line."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from os import PathLike
from typing import Final

from blasr.errors import DataError, FormatError
from blasr.io.symbols import RESERVED_FIX, SymbolTable, describe_reserved, is_reserved
from blasr.io.text_lines import read_fields
from blasr.lm.backoff_model import BEGIN, END

logger = logging.getLogger(__name__)

LEAST_LEXICON_LINES: Final = 10
"""So few lines may look like a lexicon by chance."""

_FEWEST_IDS: Final = 20
"""In fewer lines, first words may differ by chance."""

_ID_SIGN: Final = re.compile(r"[0-9_-]")
"""Most utterance-ids have one of these, few words do."""

_MOST_IDS: Final = 10_000
"""So many first words are compared; in sentences, one of them is soon repeated."""

Rows = Iterable[tuple[int, list[str]]]
"""Lines of a text: their numbers, from 1, and their fields."""


def iterate_sentences(
    path: str | PathLike[str], *, utterance_ids: bool = False, keep_ids: bool = False
) -> Iterator[list[str]]:
    """Yield the sentences of a text one at a time, so that its size does not matter; empty lines are left out.

    If the lines are said to have no utterance-ids, but their first words all differ, a warning says so.

    Args:
        path: the text, plain or gzipped.
        utterance_ids: whether every line begins with an utterance-id, as in Kaldi's ``text``.
        keep_ids: yield the utterance-id before the words.

    Raises:
        FormatError: the file cannot be read, or see :func:`blasr.io.text_lines.read_blocks`.
        DataError: a line has a sentence mark, or a word that is reserved, such as ``#0``; or two of the first 10,000
            lines begin with the same utterance-id.
    """
    rows = read_fields(path)
    for number, fields in _with_unique_ids(rows, path) if utterance_ids else _warn_of_ids(rows, path):
        words = fields[1:] if utterance_ids else fields
        check_words(words, path, number)
        yield fields if keep_ids else words


def _with_unique_ids(rows: Rows, path: str | PathLike[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines; refuse a first word that another line has too."""
    lines: dict[str, int] = {}
    for number, fields in rows:
        if fields[0] in lines:
            raise DataError(
                f"expected a unique utterance-id at the beginning of the line, found {fields[0]!r}, "
                f"which also begins line {lines[fields[0]]}",
                path=path,
                line=number,
                fix="if lines are plain sentences, leave out --utterance-ids; otherwise make the ids unique",
            )
        if len(lines) < _MOST_IDS:
            lines[fields[0]] = number
        yield number, fields


def _warn_of_ids(rows: Rows, path: str | PathLike[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines; warn at the end if they look like those of Kaldi's ``text``."""
    seen: set[str] = set()
    likely, differ = 0, True
    for number, fields in rows:
        if differ and len(seen) < _MOST_IDS:
            differ = fields[0] not in seen
            seen.add(fields[0])
            likely += len(fields) > 1 and _ID_SIGN.search(fields[0]) is not None
        yield number, fields
    if differ and len(seen) >= _FEWEST_IDS and 2 * likely > len(seen):  # first words also differ in lists of words
        logger.warning(
            "%s: the first words of %s%d lines all differ; these look like utterance-ids; if they are, give "
            "--utterance-ids, or they become words",
            path,
            "the first " if len(seen) == _MOST_IDS else "",
            len(seen),
        )


def check_words(words: Sequence[str], path: str | PathLike[str], line: int) -> None:
    """Raise :class:`DataError` if a line has a sentence mark, or a word that is reserved, such as ``#0``."""
    for word in words:
        if word[0] in "#<":
            if word in (BEGIN, END):
                raise DataError(
                    f"found the sentence mark {word!r} in a sentence",
                    path=path,
                    line=line,
                    fix="remove the sentence marks: every line gets them when it is counted",
                )
            if is_reserved(word):
                raise DataError(describe_reserved(word), path=path, line=line, fix=RESERVED_FIX)


def read_sentences(
    path: str | PathLike[str], *, vocabulary: Collection[str], utterance_ids: bool = True
) -> list[list[str]]:
    """Read the sentences of a text and check that its utterance-ids are not words; empty lines are left out.

    Args:
        path: Kaldi's ``text``, in which each line begins with an utterance-id, or plain sentences; also gzipped.
        vocabulary: the words of the lexicon.
        utterance_ids: whether lines begin with an utterance-id.

    Raises:
        FormatError: the file cannot be read or is not UTF-8.
        DataError: it has no sentences; an utterance-id appears twice, or all of them are words of the vocabulary; the
            first words are utterance-ids, and ``utterance_ids`` is false; or a line has a sentence mark or a reserved
            word.
    """
    rows = list(read_fields(path))
    if not rows:
        raise DataError("the text has no sentences", path=path)
    for number, fields in rows:
        check_words(fields[1:] if utterance_ids else fields, path, number)
    if not utterance_ids:
        first_words = {fields[0] for _, fields in rows}
        if len(first_words) == len(rows) >= _FEWEST_IDS and first_words.isdisjoint(vocabulary):
            raise DataError(
                f"expected sentences, found lines that begin with utterance-ids, such as {rows[0][1][0]!r}: they all "
                "differ, and none is in the lexicon",
                path=path,
                fix="leave out --no-utterance-ids",
            )
        return [fields for _, fields in rows]
    only_words = all(fields[0] in vocabulary for _, fields in rows)
    seen: set[str] = set()
    for number, (utterance, *_) in rows:
        if utterance in seen or only_words:
            raise DataError(
                f"expected a unique utterance-id at the beginning of the line, found {utterance!r}",
                path=path,
                line=number,
                fix="for plain sentences, give --no-utterance-ids; otherwise give Kaldi's text, with unique ids",
            )
        seen.add(utterance)
    return [fields[1:] for _, fields in rows]


def replace_words(
    sentences: Iterable[Sequence[str]], known: Iterable[str], replacement: str | None
) -> tuple[list[list[str]], Counter[str]]:
    """Return the sentences without unknown words, and how often each unknown word was seen.

    Args:
        sentences: the text.
        known: words that are kept.
        replacement: what unknown words become; None to leave out the sentences that contain any.
    """
    allowed = set(known)
    kept: list[list[str]] = []
    unknown: Counter[str] = Counter()
    for sentence in sentences:
        missing = [word for word in sentence if word not in allowed]
        unknown.update(missing)
        if replacement is not None:
            kept.append([word if word in allowed else replacement for word in sentence])
        elif not missing:
            kept.append(list(sentence))
    return kept, unknown


def _is_lexicon(lines: Sequence[Sequence[str]]) -> bool:
    """Whether the lines are probably words with their phones: the first words are many, the others few."""
    if len(lines) < LEAST_LEXICON_LINES or any(len(fields) < 2 for fields in lines):
        return False
    words = {fields[0] for fields in lines}
    phones = Counter(phone for fields in lines for phone in fields[1:] if not phone.isdigit())
    return len(words) > 0.8 * len(lines) and phones.total() >= 2 * len(lines) and phones.total() > 2 * len(phones)


def read_vocabulary(path: str | PathLike[str]) -> set[str]:
    """Return the words of a ``words.txt`` or of a list with any number of words on a line.

    The symbols that are not words, ``<eps>``, ``<s>``, ``</s>`` and ``#0``, ``#1``, ..., are left out.

    Raises:
        FormatError: the file cannot be read, is a ``words.txt`` with a mistake, or is a lexicon.
    """
    lines = [fields for _, fields in read_fields(path)]
    if _is_lexicon(lines):
        message = f"looks like a lexicon: {' '.join(lines[0])!r}, expected a words.txt, or a list of words"
        raise FormatError(message, path=path, fix="take the words.txt of the lang directory, or the first column alone")
    if all(len(fields) == 2 and fields[1].isdigit() for fields in lines):
        words = set(SymbolTable.read(path))
    else:
        words = {word for fields in lines for word in fields}
    return {word for word in words if word not in (BEGIN, END) and not is_reserved(word)}
