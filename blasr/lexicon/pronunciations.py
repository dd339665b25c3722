"""Pronunciation lexicons: Kaldi's ``lexicon.txt`` (word, phones), ``lexiconp.txt`` (word, probability, phones) and
``lexiconp_silprob.txt`` (word, probability, three numbers about silence, phones)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Final

from blasr.errors import DataError, FormatError

_RESERVED: Final = re.compile(r"<eps>|<s>|</s>|#\d+")
_DECIMAL: Final = re.compile(r"\d*\.\d+(e[+-]?\d+)?")


@dataclass(frozen=True)
class WordSilence:
    """How silence goes with one pronunciation (Chen et al., "Pronunciation and silence probability modeling for ASR",
    Interspeech 2015).

    Attributes:
        after: the probability of silence after it, above 0 and below 1.
        behind_silence: how much more probable than on the whole the word is behind a silence.
        behind_word: the same where no silence stands before it.
    """

    after: float
    behind_silence: float
    behind_word: float


@dataclass(frozen=True)
class Pronunciation:
    """One way to say a word.

    Attributes:
        word: the word as transcripts have it.
        phones: one or more phones.
        probability: above 0, at most 1; the pronunciations of a word need not sum to 1 (Kaldi scales the best to 1).
        line: its line in the file it was read from, counted from 1.
        silence: before and after it, where the lexicon tells.
    """

    word: str
    phones: tuple[str, ...]
    probability: float = 1.0
    line: int | None = field(default=None, compare=False)
    silence: WordSilence | None = None


def read_lexicon(path: str | PathLike[str], *, with_probabilities: bool | None = None) -> list[Pronunciation]:
    """The pronunciations of a lexicon in file order, each once.

    Args:
        path: the file.
        with_probabilities: whether the second field is a probability; by default where the file's name begins with
            ``lexiconp``, as in Kaldi. Three numbers about silence follow where it begins with ``lexiconp_silprob``.

    Raises:
        FormatError: the file cannot be read or is not UTF-8.
        DataError: naming the line: an empty pronunciation, one given twice, a probability out of range or a symbol
            that Kaldi reserves; or a lexicon without words.
    """
    if with_probabilities is None:
        with_probabilities = Path(path).name.startswith("lexiconp")
    with_silence = with_probabilities and Path(path).name.startswith("lexiconp_silprob")
    lexicon: list[Pronunciation] = []
    line_of: dict[tuple[str, tuple[str, ...]], int] = {}
    for line, fields in _lines(path):
        pronunciation = _pronunciation(fields, with_probabilities, with_silence, path, line)
        key = pronunciation.word, pronunciation.phones
        if key in line_of:
            raise DataError(
                f"the pronunciation {' '.join(key[1])!r} of {key[0]!r} was given on line {line_of[key]} already",
                path=path,
                line=line,
                fix="remove one of the two lines",
            )
        line_of[key] = line
        lexicon.append(pronunciation)
    if not lexicon:
        raise DataError("the lexicon has no words", path=path, fix="give one line 'WORD PHONE PHONE...' per word")
    if not with_probabilities and all(_DECIMAL.fullmatch(entry.phones[0]) for entry in lexicon):
        raise DataError(
            f"every word is followed by a number such as {lexicon[0].phones[0]!r}, as in lexiconp.txt",
            path=path,
            line=lexicon[0].line,
            fix="name the file lexiconp.txt if these are probabilities",
        )
    return lexicon


def _lines(path: str | PathLike[str]) -> Iterator[tuple[int, list[str]]]:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FormatError(f"the lexicon cannot be read: {error.strerror}", path=path, fix="check the path") from None
    except UnicodeDecodeError as error:
        raise FormatError(f"byte {error.start} is not UTF-8", path=path, fix="convert the file to UTF-8") from None
    for number, line in enumerate(text.split("\n"), start=1):
        if fields := line.split():
            yield number, fields


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
        after, behind_silence, behind_word = map(float, fields)
    except ValueError:
        after = behind_silence = behind_word = -1.0
    if not (0.0 < after < 1.0 and 0.0 < behind_silence < math.inf and 0.0 < behind_word < math.inf):
        raise DataError(
            f"expected a probability of silence between 0 and 1 and two corrections above 0 for {word!r}, "
            f"found {' '.join(fields)!r}",
            path=path,
            line=line,
        )
    return WordSilence(after, behind_silence, behind_word)
