"""Pronunciation lexicons: Kaldi's ``lexicon.txt`` (word, phones), ``lexiconp.txt`` (word, probability, phones) and
``lexiconp_silprob.txt`` (word, probability, three numbers about silence, phones)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Final

from blasr.errors import DataError
from blasr.io.text_lines import read_fields

_RESERVED: Final = re.compile(r"<eps>|<s>|</s>|#\d+")
_DECIMAL: Final = re.compile(r"\d*\.\d+(e[+-]?\d+)?")


@dataclass(frozen=True)
class WordSilence:
    """How likely silence is around one pronunciation (Chen et al., "Pronunciation and silence probability modeling for
    ASR", Interspeech 2015).

    Attributes:
        silence_after: the probability of silence after it, above 0 and below 1.
        word_ratio_after_silence: the probability of the word after silence, divided by its overall probability.
        word_ratio_after_word: the same where no silence comes before the word.
    """

    silence_after: float
    word_ratio_after_silence: float
    word_ratio_after_word: float


@dataclass(frozen=True)
class Pronunciation:
    """One way to pronounce a word.

    Attributes:
        word: the word, spelled as in transcripts.
        phones: one or more phones.
        probability: above 0, at most 1. Those of a word need not sum to 1: Kaldi gives the most likely one 1.
        line: its line in the lexicon file, from 1.
        silence: the silence around it, if the lexicon has such probabilities.
    """

    word: str
    phones: tuple[str, ...]
    probability: float = 1.0
    line: int | None = field(default=None, compare=False)
    silence: WordSilence | None = None


def read_lexicon(path: str | PathLike[str], *, with_probabilities: bool | None = None) -> list[Pronunciation]:
    """Read the pronunciations of a lexicon, in the order of the file.

    Args:
        path: the file.
        with_probabilities: whether the second field is a probability; by default, as in Kaldi, if the file's name
            begins with ``lexiconp``. If it begins with ``lexiconp_silprob``, three numbers about silence follow.

    Raises:
        FormatError: the file cannot be read or is not UTF-8.
        DataError: a pronunciation is empty or appears twice, a probability is out of range, a symbol is reserved by
            Kaldi, or the lexicon has no words.
    """
    if with_probabilities is None:
        with_probabilities = Path(path).name.startswith("lexiconp")
    with_silence = with_probabilities and Path(path).name.startswith("lexiconp_silprob")
    lexicon: list[Pronunciation] = []
    line_of: dict[tuple[str, tuple[str, ...]], int] = {}
    for line, fields in read_fields(path):
        pronunciation = _pronunciation(fields, with_probabilities, with_silence, path, line)
        key = pronunciation.word, pronunciation.phones
        if key in line_of:
            raise DataError(
                f"the pronunciation {' '.join(key[1])!r} of {key[0]!r} appears twice, first on line {line_of[key]}",
                path=path,
                line=line,
                fix="remove one of the two lines",
            )
        line_of[key] = line
        lexicon.append(pronunciation)
    if not lexicon:
        raise DataError("the lexicon has no words", path=path, fix="write lines of the form WORD PHONE PHONE...")
    if not with_probabilities and all(_DECIMAL.fullmatch(entry.phones[0]) for entry in lexicon):
        raise DataError(
            f"every word is followed by a number such as {lexicon[0].phones[0]!r}, as in lexiconp.txt",
            path=path,
            line=lexicon[0].line,
            fix="name the file lexiconp.txt if these are probabilities",
        )
    return lexicon


def _pronunciation(
    fields: list[str], with_probabilities: bool, with_silence: bool, path: str | PathLike[str], line: int
) -> Pronunciation:
    word, *phones = fields
    probability = 1.0
    if with_probabilities:
        found = phones.pop(0) if phones else "nothing"
        try:
            probability = float(found)
        except ValueError:
            probability = -1.0
        if not 0.0 < probability <= 1.0:
            raise DataError(
                f"expected a probability above 0 and at most 1 after {word!r}, found {found!r}", path=path, line=line
            )
    silence = None
    if with_silence:
        silence, phones = _silence(word, phones[:3], path, line), phones[3:]
    if not phones:
        raise DataError(
            f"the pronunciation of {word!r} is empty", path=path, line=line, fix="give its phones or remove the line"
        )
    for symbol in (word, *phones):
        if _RESERVED.fullmatch(symbol):
            raise DataError(f"the symbol {symbol!r} is reserved", path=path, line=line, fix="choose another name")
    return Pronunciation(word, tuple(phones), probability, line, silence)


def _silence(word: str, fields: list[str], path: str | PathLike[str], line: int) -> WordSilence:
    try:
        silence_after, after_silence, after_word = map(float, fields)
    except ValueError:
        silence_after = after_silence = after_word = -1.0
    if not (0.0 < silence_after < 1.0 and 0.0 < after_silence < math.inf and 0.0 < after_word < math.inf):
        raise DataError(
            f"expected a probability of silence between 0 and 1 and two ratios above 0 for {word!r}, "
            f"found {' '.join(fields)!r}",
            path=path,
            line=line,
        )
    return WordSilence(silence_after, after_silence, after_word)
