"""How often each pronunciation was spoken, and with or without silence around it (Kaldi's ``steps/get_prons.sh``)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from blasr.lexicon.pronunciations import Pronunciation

Spoken = tuple[str, tuple[str, ...]]
"""A word and the phones with which it was spoken."""

SENTENCE_BEGIN: Final[Spoken] = ("<s>", ())
SENTENCE_END: Final[Spoken] = ("</s>", ())


@dataclass
class PronunciationCounts:
    """Counts over the utterances that were added with :meth:`add`.

    Args:
        lexicon: the pronunciations that words may have.
        optional_silence: the phone that may come before, between and after words.

    Attributes:
        pairs: how often two pronunciations followed each other, and whether silence was between them. The first of a
            sentence follows :data:`SENTENCE_BEGIN`, and :data:`SENTENCE_END` follows its last.
    """

    lexicon: Iterable[Pronunciation]
    optional_silence: str
    pairs: Counter[tuple[Spoken, bool, Spoken]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._phones_of: defaultdict[str, list[tuple[str, ...]]] = defaultdict(list)
        for entry in self.lexicon:
            self._phones_of[entry.word].append(entry.phones)

    def add(self, words: Sequence[str], phones: Sequence[str]) -> bool:
        """Count the words of an utterance, which was spoken with these phones.

        Returns:
            Whether some choice of pronunciations and optional silence gives ``phones``; if not, nothing is counted. If
            several do, one of them is counted.
        """
        spoken = self._find(words, phones)
        if spoken is None:
            return False
        before = SENTENCE_BEGIN
        for silence, pronunciation in spoken:
            self.pairs[before, silence, pronunciation] += 1
            before = pronunciation
        return True

    def spoken(self) -> Counter[Spoken]:
        """How often each pronunciation was spoken, in all its contexts; also the two marks of sentences."""
        counts: Counter[Spoken] = Counter()
        for (before, _, after), count in self.pairs.items():
            counts[after] += count
            if before == SENTENCE_BEGIN:
                counts[before] += count
        return counts

    def _find(self, words: Sequence[str], phones: Sequence[str]) -> list[tuple[bool, Spoken]] | None:
        """Return the pronunciations with the silence before each of them, or None if nothing gives ``phones``.

        Depth-first search; a state is (words spoken, phones used), each visited once.
        """
        phones = tuple(phones)
        came_from: dict[tuple[int, int], tuple[tuple[int, int], bool, Spoken] | None] = {(0, 0): None}
        waiting = [(0, 0)]
        while waiting:
            state = waiting.pop()
            number, used = state
            for silence in (True, False):
                start = used + silence
                if silence and phones[used:start] != (self.optional_silence,):
                    continue
                if number == len(words):
                    if start == len(phones):
                        return [*self._trace(came_from, state), (silence, SENTENCE_END)]
                    continue
                for pronunciation in self._phones_of.get(words[number], ()):
                    following = number + 1, start + len(pronunciation)
                    if following not in came_from and phones[start : following[1]] == pronunciation:
                        came_from[following] = state, silence, (words[number], pronunciation)
                        waiting.append(following)
        return None

    @staticmethod
    def _trace(
        came_from: dict[tuple[int, int], tuple[tuple[int, int], bool, Spoken] | None], state: tuple[int, int]
    ) -> list[tuple[bool, Spoken]]:
        path = []
        while (step := came_from[state]) is not None:
            state, silence, spoken = step
            path.append((silence, spoken))
        return path[::-1]
