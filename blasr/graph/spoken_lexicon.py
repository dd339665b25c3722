"""A lexicon with the probabilities of pronunciations and silence that forced alignments show."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from blasr.errors import DataError
from blasr.graph.silence_lexicon import SentenceSilence
from blasr.hmm.phone_segments import Segmenter
from blasr.hmm.transition_model import read_transition_model
from blasr.io.atomic import atomic_open
from blasr.io.kaldi.alignments import read_alignments
from blasr.io.symbols import SymbolTable
from blasr.io.text_lines import read_fields
from blasr.lexicon.pronunciation_counts import PronunciationCounts
from blasr.lexicon.pronunciation_probabilities import SpokenLexicon, estimate_probabilities
from blasr.lexicon.pronunciations import Pronunciation
from blasr.tally import Tally

logger: Final = logging.getLogger(__name__)
_POSITION: Final = re.compile(r"_[BIES]$")


def spoken_lexicon(
    lexicon: Sequence[Pronunciation],
    alignments: Path,
    text: Path,
    *,
    optional_silence: str,
    oov: str,
    max_loss: float = 0.05,
) -> SpokenLexicon:
    """Return the lexicon with probabilities from forced alignments, as Kaldi's get_prons.sh and
    dict_dir_add_pronprobs.sh estimate them.

    Args:
        lexicon: the pronunciations that the alignments were made with.
        alignments: a folder with ``ali.*.gz``, ``final.mdl`` and ``phones.txt``.
        text: the transcripts: utterance-id and words. A word that the lexicon lacks counts as ``oov``.
        optional_silence: the silence phone between words.
        oov: the word for unknown words.
        max_loss: the largest share of alignments that may be dropped because they do not fit their transcript.

    Raises:
        DataError: a transcript is missing, or too many alignments do not fit theirs.
        FormatError: a file is missing or broken.
    """
    transcripts = {utterance: words for _, (utterance, *words) in read_fields(text)}
    segmenter = Segmenter(read_transition_model(alignments / "final.mdl"))
    names = _plain_phones(alignments / "phones.txt", {phone for entry in lexicon for phone in entry.phones})
    known = {entry.word for entry in lexicon}
    counts = PronunciationCounts(lexicon, optional_silence)
    tally = Tally("pronunciations", max_loss=max_loss)
    for utterance, alignment in read_alignments(str(alignments)):
        if utterance not in transcripts:
            tally.drop(utterance, "without a transcript")
            continue
        words = [word if word in known else oov for word in transcripts[utterance]]
        phones = [names[phone] for phone in segmenter.segments(alignment).phones.tolist()]
        if counts.add(words, phones):
            tally.keep()
        else:
            tally.drop(utterance, "with phones that are not those of its words")
    logger.info(tally.summary())
    tally.check()
    return estimate_probabilities(lexicon, counts)


def sentence_silence(lexicon: SpokenLexicon) -> SentenceSilence:
    """Return the silence at the beginning and the end of sentences, as :func:`blasr.graph.make_lang` takes it."""
    end = lexicon.end
    return SentenceSilence(lexicon.begin_silence, end.word_ratio_after_silence, end.word_ratio_after_word)


def write_spoken_lexicon(lexicon: SpokenLexicon, folder: Path) -> None:
    """Write Kaldi's ``lexiconp_silprob.txt`` and ``silprob.txt``, which :command:`blasr lang` and Kaldi read."""
    with atomic_open(folder / "lexiconp_silprob.txt", "w") as stream:
        for entry in lexicon.entries:
            assert entry.silence is not None
            numbers = (
                entry.probability,
                entry.silence.silence_after,
                entry.silence.word_ratio_after_silence,
                entry.silence.word_ratio_after_word,
            )
            stream.write(f"{entry.word} {' '.join(f'{number:.4f}' for number in numbers)} {' '.join(entry.phones)}\n")
    with atomic_open(folder / "silprob.txt", "w") as stream:
        stream.write(f"<s> {lexicon.begin_silence:.4f}\n</s>_s {lexicon.end.word_ratio_after_silence:.4f}\n")
        stream.write(f"</s>_n {lexicon.end.word_ratio_after_word:.4f}\noverall {lexicon.overall_silence:.4f}\n")


def _plain_phones(path: Path, phones: set[str]) -> Mapping[int, str]:
    """Return the phone of the lexicon for each phone-id; the marks of positions are removed.

    Raises:
        DataError: none of the phones is one of the lexicon.
    """
    table = SymbolTable.read(path)
    plain = {number: name if name in phones else _POSITION.sub("", name) for name, number in table.items()}
    if not phones & set(plain.values()):
        raise DataError("has none of the lexicon's phones", path=path, fix="give the lexicon of these alignments")
    return plain
