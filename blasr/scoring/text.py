"""The score of a set of utterances against their transcripts: total, per speaker and per utterance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from blasr.errors import DataError
from blasr.scoring.edit_distance import Alignment, ErrorCounts, align_words
from blasr.scoring.transcripts import check_references
from blasr.tally import Tally


@dataclass(frozen=True, slots=True)
class Score:
    """The result of :func:`score_text`.

    Attributes:
        utterances: the counts of every utterance of the reference.
        missing: the utterances without a hypothesis; all their words count as deleted.
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
        """The number of utterances with an error or without a hypothesis."""
        missing = set(self.missing)
        return sum(counts.errors > 0 or utterance in missing for utterance, counts in self.utterances.items())

    def per_speaker(self, speaker_of: Mapping[str, str]) -> dict[str, ErrorCounts]:
        """Return the pooled counts of each speaker, in the order of the speakers' names.

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
        """Return the tally of the references with and without a hypothesis.

        Args:
            max_loss: the largest share of missing hypotheses that :meth:`~blasr.tally.Tally.check` accepts.
        """
        tally = Tally("score", max_loss)
        tally.keep(len(self.utterances) - len(self.missing))
        for utterance in self.missing:
            tally.drop(utterance, "without hypothesis, counted as deleted")
        return tally

    def kaldi_report(self) -> str:
        """Return the three lines that Kaldi's ``compute-wer --mode=all`` prints (``%WER``, ``%SER``, ``Scored``)."""
        return f"{self.wer_line()}\n{self.ser_line()}\n{self.scored_line()}\n"

    def wer_line(self) -> str:
        """Return a line such as ``%WER 12.57 [ 23 / 183, 11 ins, 4 del, 8 sub ]``."""
        return wer_line(self.total) + (" [PARTIAL]" if self.missing else "")

    def ser_line(self) -> str:
        """Return a line such as ``%SER 41.67 [ 15 / 36 ]``, the share of wrong utterances."""
        count = len(self.utterances)
        return f"%SER {100 * self.wrong_sentences / count:.2f} [ {self.wrong_sentences} / {count} ]"

    def scored_line(self) -> str:
        """Return a line such as ``Scored 36 sentences, 0 not present in hyp.``."""
        return f"Scored {len(self.utterances)} sentences, {len(self.missing)} not present in hyp."


def wer_line(counts: ErrorCounts) -> str:
    """Return the line with the word error rate that Kaldi's ``compute-wer`` prints."""
    return (
        f"%WER {counts.wer:.2f} [ {counts.errors} / {counts.reference_words}, {counts.insertions} ins, "
        f"{counts.deletions} del, {counts.substitutions} sub ]"
    )


def score_text(references: Mapping[str, Sequence[str]], hypotheses: Mapping[str, Sequence[str]]) -> Score:
    """Score every reference; the words of an utterance without a hypothesis count as deleted.

    Raises:
        DataError: no reference has a word, or a hypothesis has no reference.
    """
    check_references(references, hypotheses)
    if not any(references.values()):
        raise DataError(
            "no reference has a word, so there is no error rate", fix="give the transcripts of the set that was decoded"
        )
    counts = {
        utterance: _align(tuple(words), tuple(hypotheses.get(utterance, ()))).counts
        for utterance, words in references.items()
    }
    return Score(counts, tuple(utterance for utterance in references if utterance not in hypotheses))


@lru_cache(maxsize=1 << 16)  # neighboring settings of a sweep share most hypotheses
def _align(reference: tuple[str, ...], hypothesis: tuple[str, ...]) -> Alignment:
    return align_words(reference, hypothesis)
