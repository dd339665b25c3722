"""Which words are confused with which: the errors of aligned utterances by word and by speaker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from blasr.scoring.aligned_utterance import AlignedUtterance, Pair
from blasr.scoring.edit_distance import ErrorCounts


@dataclass(slots=True)
class WordErrors:
    """How the occurrences of one word were recognized."""

    correct: int = 0
    substituted: int = 0
    deleted: int = 0
    inserted: int = 0

    @property
    def errors(self) -> int:
        """Substitutions, deletions and insertions of the word together."""
        return self.substituted + self.deleted + self.inserted


@dataclass(slots=True)
class Confusions:
    """The tables of a set's errors.

    Attributes:
        substitutions: how often a reference word was recognized as another word.
        words: the errors of each word; its insertions are those in which it was the inserted word.
        speakers: the counts of each speaker.
    """

    substitutions: Counter[tuple[str, str]] = field(default_factory=Counter)
    words: dict[str, WordErrors] = field(default_factory=dict)
    speakers: dict[str, ErrorCounts] = field(default_factory=dict)

    @classmethod
    def of(cls, utterances: Iterable[AlignedUtterance]) -> Confusions:
        """Return the tables of the utterances."""
        tables = cls()
        for utterance in utterances:
            tables.speakers[utterance.speaker] = (
                tables.speakers.get(utterance.speaker, ErrorCounts()) + utterance.counts
            )
            for (reference, hypothesis), right in zip(utterance.pairs, utterance.correct, strict=True):
                tables._count(reference, hypothesis, right)
        tables.speakers = dict(sorted(tables.speakers.items()))
        return tables

    def _count(self, reference: str | None, hypothesis: str | None, right: bool) -> None:
        word = self.words.setdefault(reference or hypothesis or "", WordErrors())
        if right:
            word.correct += 1
        elif reference is None:
            word.inserted += 1
        elif hypothesis is None:
            word.deleted += 1
        else:
            word.substituted += 1
            self.substitutions[reference, hypothesis] += 1

    def worst_words(self, count: int) -> list[tuple[str, WordErrors]]:
        """Return the words with the most errors, most errors first."""
        wrong = [(word, errors) for word, errors in self.words.items() if errors.errors]
        return sorted(wrong, key=lambda entry: (-entry[1].errors, entry[0]))[:count]

    def worst_pairs(self, count: int) -> list[tuple[tuple[str, str], int]]:
        """Return the most frequent substitutions, most frequent first."""
        return sorted(self.substitutions.items(), key=lambda entry: (-entry[1], entry[0]))[:count]


def error_regions(utterance: AlignedUtterance) -> list[Sequence[Pair]]:
    """Return the longest runs of pairs that are all wrong."""
    regions: list[list[Pair]] = []
    inside = False
    for pair, right in zip(utterance.pairs, utterance.correct, strict=True):
        if not right:
            if not inside:
                regions.append([])
            regions[-1].append(pair)
        inside = not right
    return list(regions)
