"""Aligned utterances: which hypothesis word was recognized for which reference word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from blasr.errors import DataError
from blasr.scoring.edit_distance import ErrorCounts, align_words
from blasr.scoring.hub5 import Hub5Score
from blasr.scoring.network_alignment import Verdict
from blasr.scoring.transcripts import check_references

Pair = tuple[str | None, str | None]
"""A reference word and a hypothesis word; one of them may be absent."""


@dataclass(frozen=True, slots=True)
class AlignedUtterance:
    """An utterance or a segment, word by word.

    ``correct`` has one entry per pair: whether the pair counts as right. Leaving out an optional word is right too.
    """

    name: str
    speaker: str
    pairs: tuple[Pair, ...]
    correct: tuple[bool, ...]

    @property
    def counts(self) -> ErrorCounts:
        """The number of right words and of each kind of error."""
        wrong = [pair for pair, right in zip(self.pairs, self.correct, strict=True) if not right]
        deletions = sum(hypothesis is None for _, hypothesis in wrong)
        insertions = sum(reference is None for reference, _ in wrong)
        return ErrorCounts(sum(self.correct), len(wrong) - deletions - insertions, deletions, insertions)

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdict on each pair: correct, or the kind of error."""
        return [_verdict(pair, right) for pair, right in zip(self.pairs, self.correct, strict=True)]


def speaker_counts(utterances: Iterable[AlignedUtterance]) -> dict[str, ErrorCounts]:
    """Return the pooled counts of each speaker, in the order of the speakers' names."""
    speakers: dict[str, ErrorCounts] = {}
    for utterance in utterances:
        speakers[utterance.speaker] = speakers.get(utterance.speaker, ErrorCounts()) + utterance.counts
    return dict(sorted(speakers.items()))


def _verdict(pair: Pair, right: bool) -> Verdict:
    if right:
        return Verdict.CORRECT
    reference, hypothesis = pair
    if reference is None:
        return Verdict.INSERTION
    return Verdict.DELETION if hypothesis is None else Verdict.SUBSTITUTION


def align_transcripts(
    references: Mapping[str, Sequence[str]],
    hypotheses: Mapping[str, Sequence[str]],
    speakers: Mapping[str, str] | None = None,
) -> list[AlignedUtterance]:
    """Align every reference with its hypothesis; all words of an utterance without a hypothesis are deletions.

    Args:
        references: words by utterance-id.
        hypotheses: the same for the hypothesis.
        speakers: the speaker of each utterance; by default all have the speaker ``all``.

    Raises:
        DataError: a hypothesis has no reference, or an utterance no speaker.
    """
    check_references(references, hypotheses)
    aligned = []
    for utterance, words in references.items():
        if speakers is not None and utterance not in speakers:
            raise DataError("has a reference but no speaker", utterance=utterance, fix="add it to the utt2spk file")
        pairs = align_words(words, hypotheses.get(utterance, ())).pairs
        correct = tuple(reference == hypothesis for reference, hypothesis in pairs)
        aligned.append(AlignedUtterance(utterance, speakers[utterance] if speakers else "all", pairs, correct))
    return aligned


def aligned_segments(score: Hub5Score) -> list[AlignedUtterance]:
    """Return the alignments of a score that blasr itself counted; NIST's programs return none."""
    aligned = []
    for scored in score.segments:
        segment = scored.segment
        name = f"{segment.recording} {segment.channel} {segment.start_seconds:.2f}-{segment.end_seconds:.2f}"
        pairs = tuple(
            (pair.reference.text if pair.reference else None, pair.hypothesis.text if pair.hypothesis else None)
            for pair in scored.pairs
        )
        correct = tuple(pair.verdict is Verdict.CORRECT for pair in scored.pairs)
        aligned.append(AlignedUtterance(name, segment.speaker, pairs, correct))
    return aligned
