"""Scores of time-marked words against a reference in segments, as the Hub5 evaluations counted them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from blasr.errors import DataError
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.hypothesis import Normalize, Options, timed_items
from blasr.scoring.network_alignment import AlignedPair, align_networks, counts_of
from blasr.scoring.segments import ReferenceSegment, TimedItem, assign, in_order
from blasr.scoring.word_network import WordNetwork, parse_transcript


@dataclass(frozen=True, slots=True)
class ScoredSegment:
    """A segment with its counts; ``pairs`` is empty where another program aligned it.

    ``hypothesis_items`` are the words and alternatives that fell into it.
    """

    segment: ReferenceSegment
    counts: ErrorCounts
    hypothesis_items: int
    pairs: tuple[AlignedPair, ...] = ()


@dataclass(frozen=True, slots=True)
class Hub5Score:
    """The scored segments side by side and in the order of their starts, and how many were to be ignored."""

    segments: tuple[ScoredSegment, ...]
    ignored: int

    @property
    def total(self) -> ErrorCounts:
        """The counts of all segments together."""
        return pooled(self.segments)

    @property
    def without_hypothesis(self) -> list[ScoredSegment]:
        """The segments whose words all count as deleted because no hypothesis word fell into them."""
        return [scored for scored in self.segments if scored.counts.reference_words and not scored.hypothesis_items]

    def by_label(self, names: Iterable[str] = ()) -> dict[str, list[ScoredSegment]]:
        """The segments of each label, whatever its letters' case; first the labels of ``names``, in their order."""
        spelling = {name.lower(): name for name in names}
        groups: dict[str, list[ScoredSegment]] = {name: [] for name in spelling.values()}
        for scored in self.segments:
            for label in {label.lower(): label for label in scored.segment.labels}.values():
                groups.setdefault(spelling.setdefault(label.lower(), label), []).append(scored)
        return {label: group for label, group in groups.items() if group}

    def by(self, key: Callable[[ReferenceSegment], str]) -> dict[str, list[ScoredSegment]]:
        """The segments that have the same key, such as their speaker, keys in the order of their names."""
        groups: dict[str, list[ScoredSegment]] = {}
        for scored in self.segments:
            groups.setdefault(key(scored.segment), []).append(scored)
        return dict(sorted(groups.items()))


def pooled(segments: Iterable[ScoredSegment]) -> ErrorCounts:
    """The counts of segments together."""
    return sum((scored.counts for scored in segments), ErrorCounts())


def score_segments(
    segments: Sequence[ReferenceSegment],
    hypotheses: Iterable[Options],
    normalize_reference: Normalize = str,
    normalize_hypothesis: Normalize = str,
) -> Hub5Score:
    """Score a hypothesis against a reference.

    Args:
        segments: the reference.
        hypotheses: words and alternatives; those of sides that the reference does not have are not scored.
        normalize_reference: what is done to the transcripts first.
        normalize_hypothesis: what is done to each hypothesis word first.

    Raises:
        DataError: a transcript's alternatives are broken.
    """
    sides = in_order(segments)
    items = timed_items(hypotheses, normalize_hypothesis)
    scored: list[ScoredSegment] = []
    for side, references in sides.items():
        for segment, words in zip(references, assign(references, items.get(side, [])), strict=True):
            if not segment.ignored:
                scored.append(_score(segment, words, normalize_reference))
    return Hub5Score(tuple(scored), len(segments) - len(scored))


def _score(segment: ReferenceSegment, words: Sequence[TimedItem], normalize: Normalize) -> ScoredSegment:
    try:
        reference = WordNetwork.of(parse_transcript(normalize(segment.text)))
    except ValueError as error:
        where = f"{segment.recording} {segment.channel} {segment.start_seconds:g}"
        raise DataError(f"the transcript is broken: {error}", utterance=where, fix="write { a / b }") from None
    pairs = align_networks(reference, WordNetwork.of(word.item for word in words))
    return ScoredSegment(segment, counts_of(pairs), len(words), pairs)
