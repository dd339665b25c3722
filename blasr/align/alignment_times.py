"""The times of the phones and words of alignments."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blasr.align.gmm_likelihoods import FEATURE_FILE, read_feature_config
from blasr.align.transcripts import checked_utterances
from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import DataError
from blasr.features.config import MfccConfig
from blasr.graph.lang import Lang
from blasr.hmm.phone_segments import Segmenter
from blasr.hmm.transition_model import read_transition_model
from blasr.inference.transcript import TranscribedPhone, TranscribedWord
from blasr.io.kaldi.alignments import read_alignments
from blasr.lattices.word_times import AlignLexicon
from blasr.tally import Tally
from blasr.units import IntArray

_LEXICON: Final = "phones/align_lexicon.int"


@dataclass(frozen=True)
class AlignedSpeech:
    """An utterance with the times of its phones and words, in seconds from the beginning of the utterance.

    Attributes:
        utterance: the utterance.
        seconds: the time that its frames cover.
        phones: all phones, also silence.
        words: the words of the transcript.
    """

    utterance: Utterance
    seconds: float
    phones: tuple[TranscribedPhone, ...]
    words: tuple[TranscribedWord, ...]


class AlignmentTimer:
    """Finds the phones of alignments, and the words that these phones belong to.

    Args:
        folder: a folder with ``final.mdl`` and ``ali.*.gz``, as ``blasr align`` or Kaldi writes it.
        lang: the lang directory of the alignments.

    Raises:
        FormatError: the model or the lexicon cannot be read.
    """

    def __init__(self, folder: Path, lang: Lang) -> None:
        self.folder = folder
        self.lang = lang
        has_config = (folder / FEATURE_FILE).is_file()
        self.features = read_feature_config(folder) if has_config else MfccConfig()
        """The features of the alignments; those of Kaldi have Kaldi's defaults."""
        self._segmenter = Segmenter(read_transition_model(folder / "final.mdl"))
        self._lexicon = AlignLexicon.read(lang.path / _LEXICON)

    def aligned(self, utterance: Utterance, alignment: IntArray) -> AlignedSpeech:
        """Return the times of an utterance.

        Args:
            utterance: the utterance, with words of the lexicon.
            alignment: its transition-ids ``(T,)``.

        Raises:
            DataError: the alignment belongs to another model, or its phones are not those of the transcript.
        """
        shift = self.features.frame_shift_ms / 1000
        segments = self._segmenter.segments(alignment)
        ends = segments.durations.cumsum().tolist()
        bounds = [0.0, *(end * shift for end in ends)]
        phone_ids = segments.phones.tolist()
        phones = tuple(
            TranscribedPhone(self.lang.phones.symbol_of(phone), bounds[number], bounds[number + 1])
            for number, phone in enumerate(phone_ids)
        )
        word_ids = [self.lang.words.id_of(word) for word in utterance.words or ()]
        places = self._lexicon.segment(word_ids, phone_ids)
        if places is None:
            raise DataError(
                "the phones of the alignment are not those of the transcript",
                utterance=utterance.id,
                fix=f"give the lang directory and the text that {self.folder} was made with",
            )
        words = tuple(
            TranscribedWord(self.lang.words.symbol_of(word), bounds[begin], bounds[end] - bounds[begin])
            for word, begin, end in places
        )
        return AlignedSpeech(utterance, bounds[-1], phones, words)


def read_aligned_speech(
    timer: AlignmentTimer, data: DataDir, tally: Tally, *, only: Collection[str] = ()
) -> Iterator[AlignedSpeech]:
    """Yield the utterances of a data directory in the order of the alignments.

    Args:
        timer: the folder of the alignments and the lang directory.
        data: the data directory, with transcripts.
        tally: counts what is left out: utterances without an alignment, or with phones of another transcript.
        only: the utterances to yield; all if empty.

    Raises:
        DataError: one of ``only`` is not in the data directory, there is no transcript, or too much is left out.
    """
    chosen = data.subset(only) if only else data
    waiting = {utterance.id: utterance for utterance in checked_utterances(chosen, timer.lang, map_oov=True)}
    for name, alignment in read_alignments(timer.folder):
        utterance = waiting.pop(name, None)
        if utterance is None:
            continue
        try:
            aligned = timer.aligned(utterance, alignment)
        except DataError as error:
            tally.drop_error(name, error)
            continue
        tally.keep()
        yield aligned
        if only and not waiting:
            break
    for name in waiting:
        tally.drop(name, "without an alignment")
    tally.check()
