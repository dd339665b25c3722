"""The score of a set of utterances against their transcripts, pooled, per speaker and per utterance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from blasr.errors import DataError
from blasr.scoring.edit_distance import Alignment, ErrorCounts, align_words
from blasr.tally import Tally


@dataclass(frozen=True, slots=True)
class Score:
    """What :func:`score_text` found.

    Attributes:
        utterances: the counts of every utterance of the reference.
        missing: the utterances without a hypothesis, all of whose words count as deleted.
    """

    utterances: Mapping[str, ErrorCounts]
    missing: tuple[str, ...]

    @property
    def total(self) -> ErrorCounts:
        """The counts of all utterances together."""
        return sum(self.utterances.values(), ErrorCounts())

    @property
    def wer(self) -> float:
        """The pooled word error rate in percent."""
        return self.total.wer

    @property
    def wrong_sentences(self) -> int:
        """Utterances with an error in them, those that are missing included."""
        missing = set(self.missing)
        return sum(counts.errors > 0 or utterance in missing for utterance, counts in self.utterances.items())

    def per_speaker(self, speaker_of: Mapping[str, str]) -> dict[str, ErrorCounts]:
        """The pooled counts of each speaker, in the order of their names.

        Raises:
            DataError: an utterance has no speaker.
        """
        speakers: dict[str, ErrorCounts] = {}
        for utterance, counts in self.utterances.items():
            if utterance not in speaker_of:
                raise DataError("has a reference but no speaker", utterance=utterance, fix="add it to the utt2spk file")
            speaker = speaker_of[utterance]
            speakers[speaker] = speakers.get(speaker, ErrorCounts()) + counts
        return dict(sorted(speakers.items()))

    def coverage(self, max_loss: float) -> Tally:
        """Return the account of the references with and without a hypothesis.

        Args:
            max_loss: the greatest share of missing hypotheses that :meth:`~blasr.tally.Tally.check` accepts.
        """
        tally = Tally("score", max_loss)
        tally.keep(len(self.utterances) - len(self.missing))
        for utterance in self.missing:
            tally.drop(utterance, "without hypothesis, counted as deleted")
        return tally

    def kaldi_report(self) -> str:
        """The three lines that Kaldi's ``compute-wer --mode=all`` prints (``%WER``, ``%SER``, ``Scored``)."""
        return f"{self.wer_line()}\n{self.ser_line()}\n{self.scored_line()}\n"

    def wer_line(self) -> str:
        """``%WER 12.57 [ 23 / 183, 11 ins, 4 del, 8 sub ]``."""
        return wer_line(self.total) + (" [PARTIAL]" if self.missing else "")

    def ser_line(self) -> str:
        """``%SER 41.67 [ 15 / 36 ]``, the share of utterances that are not all right."""
        count = len(self.utterances)
        return f"%SER {100 * self.wrong_sentences / count:.2f} [ {self.wrong_sentences} / {count} ]"

    def scored_line(self) -> str:
        """``Scored 36 sentences, 0 not present in hyp.``."""
        return f"Scored {len(self.utterances)} sentences, {len(self.missing)} not present in hyp."


def wer_line(counts: ErrorCounts) -> str:
    """Kaldi's line of a word error rate, as ``compute-wer`` prints it."""
    return (
        f"%WER {counts.wer:.2f} [ {counts.errors} / {counts.reference_words}, {counts.insertions} ins, "
        f"{counts.deletions} del, {counts.substitutions} sub ]"
    )


def score_text(references: Mapping[str, Sequence[str]], hypotheses: Mapping[str, Sequence[str]]) -> Score:
    """Score every reference; an utterance without a hypothesis counts as deleted and is named in the score.

    Raises:
        DataError: there is no reference at all, no reference has a word, or a hypothesis has no reference.
    """
    unknown = [utterance for utterance in hypotheses if utterance not in references]
    if unknown:
        raise DataError(
            f"{len(unknown)} of {len(hypotheses)} hypotheses have no reference",
            utterance=unknown[0],
            fix="score the hypotheses against the text of the very set that was decoded",
        )
    if not any(references.values()):
        raise DataError("no reference has a word, so there is no error rate", fix="give the text of the decoded set")
    counts = {
        utterance: _align(tuple(words), tuple(hypotheses.get(utterance, ()))).counts
        for utterance, words in references.items()
    }
    return Score(counts, tuple(utterance for utterance in references if utterance not in hypotheses))


@lru_cache(maxsize=1 << 16)  # neighbouring settings of a sweep have most hypotheses in common
def _align(reference: tuple[str, ...], hypothesis: tuple[str, ...]) -> Alignment:
    return align_words(reference, hypothesis)
