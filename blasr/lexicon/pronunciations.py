"""Pronunciation lexicons: Kaldi's ``lexicon.txt`` (word, phones), ``lexiconp.txt`` (word, probability, phones) and
``lexiconp_silprob.txt`` (word, probability, three numbers about silence, phones)."""

from __future__ import annotations

import logging
import math
import re
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Final

from blasr.errors import DataError
from blasr.io.symbols import RESERVED_FIX, describe_reserved, is_reserved
from blasr.io.text_lines import describe_lines, read_fields

logger: Final = logging.getLogger(__name__)
_MARKS: Final = ("<s>", "</s>")
_NUMBER: Final = re.compile(r"\d+|\d*\.\d+(e[+-]?\d+)?|\d+\.?e[+-]?\d+", re.ASCII | re.IGNORECASE)
_COMMENT: Final = ";;;"
_VARIANT: Final = re.compile(r".+\(\d+\)", re.ASCII)


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
        path: the file. Lines that begin with ``;;;``, cmudict's comments, are skipped and counted in a warning.
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
    comments: list[int] = []
    for line, fields in read_fields(path):
        if fields[0].startswith(_COMMENT):
            comments.append(line)
            continue
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
    if not with_probabilities:
        _refuse_probabilities(lexicon, path)
    if comments:
        logger.warning("%s: skipped %d comment(s) (;;;), on %s", path, len(comments), describe_lines(comments))
    if variants := [entry for entry in lexicon if _VARIANT.fullmatch(entry.word)]:
        logger.warning(
            "%s: %d word(s) end in a number in brackets, first %r on line %s: cmudict marks further pronunciations of "
            "a word in this way, but here they are different words. If they are not, remove the numbers",
            path,
            len(variants),
            variants[0].word,
            variants[0].line,
        )
    return lexicon


def _refuse_probabilities(lexicon: list[Pronunciation], path: str | PathLike[str]) -> None:
    """Raise :class:`DataError` if the first phones are probabilities.

    They are if one of them is a decimal number, or if all of them are numbers and other phones are not.
    """
    numbers = [entry for entry in lexicon if _NUMBER.fullmatch(entry.phones[0])]
    decimal = next((entry for entry in numbers if not entry.phones[0].isdecimal()), None)
    other_phones = any(not _NUMBER.fullmatch(phone) for entry in lexicon for phone in entry.phones[1:])
    if len(numbers) == len(lexicon) and (decimal is not None or other_phones):
        found, where = f"every word is followed by a number such as {lexicon[0].phones[0]!r}", lexicon[0].line
    elif decimal is not None:
        found, where = f"{decimal.word!r} is followed by the number {decimal.phones[0]!r}", decimal.line
    else:
        return
    raise DataError(
        f"{found}, expected its phones: did you mean lexiconp.txt?",
        path=path,
        line=where,
        fix="name the file lexiconp.txt and give every word a probability, or remove the number",
    )


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
        if is_reserved(symbol):
            raise DataError(describe_reserved(symbol), path=path, line=line, fix=RESERVED_FIX)
        if symbol in _MARKS:
            message = f"{symbol!r} is reserved: it marks the beginning or the end of a sentence"
            raise DataError(message, path=path, line=line, fix=RESERVED_FIX)
    if not word.strip("#") or any(not phone.strip("#") for phone in phones):
        raise DataError(
            "found a comment, expected a word and its phones",
            path=path,
            line=line,
            fix=rf"remove the comments: sed -i 's/\(^\|[ \t]\)##*\([ \t].*\|$\)//' {path}",
        )
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
