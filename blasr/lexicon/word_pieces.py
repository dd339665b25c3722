"""Pieces of words: how a vocabulary marks them, and how recognized pieces are joined to words.

The first piece of a word begins with sentencepiece's mark, U+2581. If ``words.txt`` lists pieces, the same folder has a
``whole_words.txt``, which lists the entries that are not pieces, for example ``<unk>`` and ``[noise]``.
``blasr lang --subwords`` writes it, and ``blasr graph`` copies it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from os import PathLike
from pathlib import Path
from typing import Final, Self

from blasr.io.nist.ctm import CtmWord
from blasr.io.text_lines import read_fields

WORD_MARK: Final = "\u2581"
"""The character that begins the first piece of a word (sentencepiece's)."""
WHOLE_WORDS: Final = "whole_words.txt"
"""The file of a lang directory with the words that are not split."""


class WordJoiner:
    """Joins the entries of a ``words.txt`` to words; entries that are not pieces do not change.

    Args:
        whole: the entries that are not pieces; None if no entry is a piece.
    """

    def __init__(self, whole: Iterable[str] | None) -> None:
        self.whole = None if whole is None else frozenset(whole)

    @classmethod
    def beside(cls, words_path: str | PathLike[str]) -> Self:
        """Return the joiner for a ``words.txt``, according to the ``whole_words.txt`` in the same folder, if it exists.

        Raises:
            FormatError: ``whole_words.txt`` cannot be read.
        """
        path = Path(words_path).parent / WHOLE_WORDS
        if not path.exists():
            return cls(None)
        return cls(word for _, fields in read_fields(path) for word in fields)

    def join(self, pieces: Iterable[str]) -> list[str]:
        """Return the words. A word begins at each mark, at the start, and before and after each whole word."""
        return [self._word(group) for group in self._groups(pieces)]

    def join_ctm(self, rows: Iterable[CtmWord]) -> list[CtmWord]:
        """Return words with times.

        A word lasts from the start of its first piece to the end of its last. Its confidence is the lowest of its
        pieces, since one wrong piece makes the word wrong; it is unknown if the confidence of a piece is unknown.

        Args:
            rows: pieces with times; those of one recording and channel are stored consecutively, in the order of time.
        """
        words = []
        for _, side in groupby(rows, key=lambda row: (row.recording, row.channel)):
            of_side = list(side)
            start = 0
            for group in self._groups(row.word for row in of_side):
                words.append(_spanning(of_side[start : start + len(group)], self._word(group)))
                start += len(group)
        return words

    def _groups(self, pieces: Iterable[str]) -> Iterator[list[str]]:
        if self.whole is None:
            yield from ([piece] for piece in pieces)
            return
        group: list[str] = []
        for piece in pieces:
            if group and (piece.startswith(WORD_MARK) or piece in self.whole or group[0] in self.whole):
                yield group
                group = []
            group.append(piece)
        if group:
            yield group

    def _word(self, group: Sequence[str]) -> str:
        word = "".join(group)
        return word if self.whole is None or word in self.whole else word.removeprefix(WORD_MARK)


WHOLE_WORDS_ONLY: Final = WordJoiner(None)
"""The joiner of a vocabulary without pieces."""


def _spanning(rows: Sequence[CtmWord], word: str) -> CtmWord:
    first, last = rows[0], rows[-1]
    end = last.start_seconds + last.duration_seconds
    confidences = [row.confidence for row in rows if row.confidence is not None]
    return replace(
        first,
        word=word,
        duration_seconds=first.duration_seconds if first is last else end - first.start_seconds,
        confidence=min(confidences) if len(confidences) == len(rows) else None,
    )
