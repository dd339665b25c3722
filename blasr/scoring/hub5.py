"""Scores of time-marked words against reference segments, counted as in NIST's Hub5 evaluations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from blasr.errors import DataError
from blasr.scoring.edit_distance import ErrorCounts
from blasr.scoring.hypothesis import Normalize, Options, timed_items
from blasr.scoring.network_alignment import AlignedPair, align_networks, counts_of
from blasr.scoring.segments import ReferenceSegment, TimedItem, assign, in_order, side_of
from blasr.scoring.word_network import WordNetwork, parse_transcript
from blasr.tally import Tally


@dataclass(frozen=True, slots=True)
class ScoredSegment:
    """A segment with its counts.

    Attributes:
        segment: the reference.
        counts: its right words and errors.
        hypothesis_items: how many words and alternatives of the hypothesis are in it.
        pairs: the alignment; empty if another program aligned it.
    """

    segment: ReferenceSegment
    counts: ErrorCounts
    hypothesis_items: int
    pairs: tuple[AlignedPair, ...] = ()


@dataclass(frozen=True, slots=True)
class Hub5Score:
    """The score of a hypothesis.

    Attributes:
        segments: the scored segments, by side and, within a side, by start.
        ignored: the number of segments that the reference excludes from scoring.
    """

    segments: tuple[ScoredSegment, ...]
    ignored: int

    @property
    def total(self) -> ErrorCounts:
        """The counts of all segments together."""
        return pooled(self.segments)

    @property
    def without_hypothesis(self) -> list[ScoredSegment]:
        """The segments without any hypothesis word; all their words count as deleted."""
        return [scored for scored in self.segments if scored.counts.reference_words and not scored.hypothesis_items]

    def by_label(self, names: Iterable[str] = ()) -> dict[str, list[ScoredSegment]]:
        """Return the segments of each label, in any case; the labels of ``names`` come first, in their order."""
        spelling = {name.lower(): name for name in names}
        groups: dict[str, list[ScoredSegment]] = {name: [] for name in spelling.values()}
        for scored in self.segments:
            for label in {label.lower(): label for label in scored.segment.labels}.values():
                groups.setdefault(spelling.setdefault(label.lower(), label), []).append(scored)
        return {label: group for label, group in groups.items() if group}

    def by_speaker(self) -> dict[str, list[ScoredSegment]]:
        """Return the segments of each speaker, in the order of the speakers' names."""
        return self._by(lambda segment: segment.speaker)

    def by_side(self) -> dict[str, list[ScoredSegment]]:
        """Return the segments of each side, ``recording channel``, in the order of the sides' names."""
        return self._by(lambda segment: f"{segment.recording} {segment.channel}")

    def _by(self, key: Callable[[ReferenceSegment], str]) -> dict[str, list[ScoredSegment]]:
        groups: dict[str, list[ScoredSegment]] = {}
        for scored in self.segments:
            groups.setdefault(key(scored.segment), []).append(scored)
        return dict(sorted(groups.items()))

    def coverage(self, hypotheses: Iterable[Options], max_loss: float) -> Tally:
        """Return the tally of the segments on sides with a hypothesis and on sides without one.

        Args:
            hypotheses: what was scored.
            max_loss: the largest share of segments without one that :meth:`~blasr.tally.Tally.check` accepts.
        """
        words = (word for options in hypotheses for row in options for word in row)
        sides = {side_of(word.recording, word.channel) for word in words}
        tally = Tally("score", max_loss, unit="segments")
        for scored in self.segments:
            segment = scored.segment
            if side_of(segment.recording, segment.channel) in sides:
                tally.keep()
            else:
                tally.drop(
                    f"{segment.recording} {segment.channel}", "on sides without a hypothesis, counted as deleted"
                )
        return tally


def pooled(segments: Iterable[ScoredSegment]) -> ErrorCounts:
    """Return the counts of the segments together."""
    return sum((scored.counts for scored in segments), ErrorCounts())


def score_segments(
    segments: Sequence[ReferenceSegment],
    hypotheses: Iterable[Options],
    normalize_reference: Normalize = str,
    normalize_hypothesis: Normalize = str,
) -> Hub5Score:
    """Score a hypothesis against a reference; the counts equal those of NIST's ``sclite``.

    Args:
        segments: the reference.
        hypotheses: words and alternatives; those on sides that the reference lacks are not scored.
        normalize_reference: applied to each transcript first.
        normalize_hypothesis: applied to each hypothesis word first.

    Raises:
        DataError: the braces of a transcript do not pair.
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
