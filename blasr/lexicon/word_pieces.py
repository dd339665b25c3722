"""Words in pieces: how a vocabulary of subwords is marked, and words put together again from what was recognised.

A piece that begins a word begins with the mark U+2581 (sentencepiece's). Beside a ``words.txt`` of pieces lies
``whole_words.txt``, which lists the words that are no pieces, such as ``<unk>`` and ``[noise]``; it also tells that the
others are. ``blasr lang --subwords`` writes it, ``blasr graph`` copies it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from os import PathLike
from pathlib import Path
from typing import Final, Self

from blasr.errors import FormatError
from blasr.io.nist.ctm import CtmWord

WORD_MARK: Final = "\u2581"
WHOLE_WORDS: Final = "whole_words.txt"


class WordJoiner:
    """Puts words together from the words of a ``words.txt``: from pieces, or leaving them as they are.

    Args:
        whole: the words that are no pieces; None where none of the words are.
    """

    def __init__(self, whole: Iterable[str] | None) -> None:
        self.whole = None if whole is None else frozenset(whole)

    @classmethod
    def beside(cls, words_path: str | PathLike[str]) -> Self:
        """The joiner for a ``words.txt``, by the ``whole_words.txt`` that lies beside it or does not.

        Raises:
            FormatError: that file cannot be read.
        """
        path = Path(words_path).parent / WHOLE_WORDS
        try:
            return cls(path.read_text(encoding="utf-8").split())
        except FileNotFoundError:
            return cls(None)
        except (OSError, UnicodeDecodeError) as error:
            raise FormatError(f"cannot be read: {error}", path=path) from None

    def join(self, pieces: Iterable[str]) -> list[str]:
        """Words; one begins at each mark, at the beginning, at whole words and after them."""
        return [self._word(group) for group in self._groups(pieces)]

    def join_ctm(self, rows: Iterable[CtmWord]) -> list[CtmWord]:
        """Words with times, rows in the order of time; a recording's pieces may follow another's.

        A word lasts from the start of its first piece to the end of its last. Its confidence is the lowest of its
        pieces', as the word is wrong if any of them is; unknown where one of theirs is.
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
"""Leaves words as they are."""


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
