"""The times of the words of a best path, as ``lattice-align-words-lexicon | nbest-to-ctm`` finds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from blasr.errors import FormatError
from blasr.hmm.transition_model import TransitionModel
from blasr.io.text_lines import read_lines
from blasr.lattices.lattice import BestPath
from blasr.units import EPSILON, IntArray


@dataclass(frozen=True, slots=True)
class WordTime:
    """A word of a path: its id (from 1), its first frame and its number of frames."""

    word: int
    start_frame: int
    num_frames: int


class _Segment(NamedTuple):
    """A word, or what is between words (0), and its phones: from ``begin`` to before ``end``."""

    word: int
    begin: int
    end: int
    words_used: int


class AlignLexicon:
    """Kaldi's ``phones/align_lexicon.int``: the pronunciations of each word, and of what is between words.

    Args:
        entries: the word's id in the lattice (0: phones that belong to no word, for example optional silence), its id
            in the output, and its phones.
    """

    def __init__(self, entries: Iterable[tuple[int, int, tuple[int, ...]]]) -> None:
        self._entries: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
        for word, output, phones in entries:
            self._entries.setdefault(word, []).append((output, phones))

    @classmethod
    def read(cls, path: Path) -> AlignLexicon:
        """Read ``align_lexicon.int``; :class:`FormatError` names a line that is not two words and phones."""
        entries = []
        for number, line in read_lines(path, fix="make the lang directory again with `blasr lang`"):
            fields = line.split()
            if len(fields) < 2 or not all(field.isascii() and field.isdigit() for field in fields):
                raise FormatError(
                    f"found {line!r}, expected the word's id, its output's id and phone-ids", path=path, line=number
                )
            word, output, *phones = map(int, fields)
            entries.append((word, output, tuple(phones)))
        return cls(entries)

    @property
    def phones_between_words(self) -> frozenset[int]:
        """The phone-ids that belong to no word, such as that of optional silence."""
        return frozenset(phone for _, phones in self._entries.get(EPSILON, []) for phone in phones)

    def segment(
        self, words: Sequence[int], phones: Sequence[int], *, partial: bool = False
    ) -> list[tuple[int, int, int]] | None:
        """Divide ``phones`` among ``words`` and what is between them; if both fit, a word is tried first.

        Args:
            words: word-ids in order.
            phones: the phones of the path in order.
            partial: whether the path may end anywhere, since it reached no final state.

        Returns:
            Output word, first phone and one past the last, for each word; None if the lexicon cannot explain the
            phones.
        """
        chosen = [_Segment(EPSILON, 0, 0, 0)]
        options = [self._options(chosen[0], words, phones, partial)]
        seen = {(0, 0)}
        while options:  # depth first; a position that was reached before has already failed
            used = chosen[-1]
            if used.words_used == len(words) and (partial or used.end == len(phones)):
                return [(segment.word, segment.begin, segment.end) for segment in chosen if segment.word != EPSILON]
            segment = next(options[-1], None)
            if segment is None:
                options.pop()
                chosen.pop()
            elif (segment.end, segment.words_used) not in seen:
                seen.add((segment.end, segment.words_used))
                chosen.append(segment)
                options.append(self._options(segment, words, phones, partial))
        return None

    def _options(
        self, used: _Segment, words: Sequence[int], phones: Sequence[int], partial: bool
    ) -> Iterator[_Segment]:
        """Yield what may follow the phones and words used so far."""
        begin = used.end
        if used.words_used < len(words):
            for output, pronunciation in self._entries.get(words[used.words_used], []):
                found = tuple(phones[begin : begin + len(pronunciation)])
                if found == pronunciation or (partial and found == pronunciation[: len(phones) - begin]):
                    yield _Segment(output, begin, begin + len(found), used.words_used + 1)
        for _, pronunciation in self._entries.get(EPSILON, []):
            if pronunciation and tuple(phones[begin : begin + len(pronunciation)]) == pronunciation:
                yield _Segment(EPSILON, begin, begin + len(pronunciation), used.words_used)


def phone_starts(transition_ids: IntArray, transition_model: TransitionModel) -> IntArray:
    """Return the frames at which the phones of a path begin (``SplitToPhones``), including the first frame.

    In the graph of the path, self-loops must follow the transition out of their state, as in Kaldi's graphs
    (``--reorder=true``) and blasr's.
    """
    if len(transition_ids) == 0:
        return np.empty(0, np.int32)
    forward = np.flatnonzero(~transition_model.is_self_loop(transition_ids))
    ends = np.flatnonzero(transition_model.is_final(transition_ids[forward]))
    following = forward[ends[ends + 1 < len(forward)] + 1]
    return np.unique(np.concatenate(([0], following))).astype(np.int32)


def phone_times(transition_ids: IntArray, transition_model: TransitionModel) -> list[tuple[int, int, int]]:
    """Return the phones of a path: the phone-id, its first frame, and the frame after its last one."""
    bounds = [*phone_starts(transition_ids, transition_model).tolist(), len(transition_ids)]
    phones = transition_model.phones(transition_ids[bounds[:-1]]).tolist()
    return list(zip(phones, bounds[:-1], bounds[1:], strict=True))


def word_times(
    path: BestPath, transition_model: TransitionModel, lexicon: AlignLexicon, *, partial: bool = False
) -> list[WordTime] | None:
    """Return the times of a path's words from its phones; None if the lexicon cannot explain the phones.

    ``partial`` says that the path reached no final state, so that its last word may be incomplete.
    """
    starts = phone_starts(path.transition_ids, transition_model)
    phones = transition_model.phones(path.transition_ids[starts])
    segments = lexicon.segment(path.words.tolist(), phones.tolist(), partial=partial)
    if segments is None:
        return None
    bounds = np.append(starts, len(path.transition_ids))
    return [WordTime(word, int(bounds[begin]), int(bounds[end] - bounds[begin])) for word, begin, end in segments]


def word_times_from_arcs(path: BestPath) -> list[WordTime]:
    """Return rough times without a lexicon: each word lasts from the arc with its label to the arc of the next word."""
    bounds = [*path.word_frames.tolist(), len(path.transition_ids)]
    return [
        WordTime(word, begin, end - begin)
        for word, begin, end in zip(path.words.tolist(), bounds[:-1], bounds[1:], strict=True)
    ]
