"""L with silence probabilities of each word (Kaldi's ``utils/make_lexicon_fst_silprob.pl``; Chen et al., "Pronunciation
and silence probability modeling for ASR", Interspeech 2015)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final, Self

import numpy as np

from blasr.errors import DataError
from blasr.graph.lexicon_fst import LexiconArc, arcs_in_columns, sort_arcs
from blasr.io.fst import Fst
from blasr.io.symbols import SymbolTable
from blasr.io.text_lines import read_lines
from blasr.lexicon.pronunciations import Pronunciation
from blasr.units import EPSILON

START: Final = 0
AFTER_WORD: Final = 1
AFTER_SILENCE: Final = 2
"""The states of L between words. Each pronunciation adds more states."""
_LABELS: Final = ("<s>", "</s>_s", "</s>_n", "overall")


@dataclass(frozen=True)
class SentenceSilence:
    """Silence at the beginning and the end of sentences.

    Attributes:
        begin: the probability of silence before the first word, above 0 and below 1.
        end_after_silence: factor of the probability that a sentence ends, after silence.
        end_after_word: the same directly after a word.
    """

    begin: float
    end_after_silence: float
    end_after_word: float

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Self:
        """Read Kaldi's ``silprob.txt``: ``<s> P``, ``</s>_s X``, ``</s>_n X`` and ``overall P``, which is not used.

        Raises:
            FormatError: the file cannot be read.
            DataError: a line is wrong or missing.
        """
        values: dict[str, float] = {}
        for number, line in read_lines(path):
            fields = line.split()
            try:
                label, value = fields[0], float(fields[1])
            except (IndexError, ValueError):
                label, value = "", -1.0
            limit = 1.0 if label in ("<s>", "overall") else math.inf
            if len(fields) != 2 or label not in _LABELS or not 0.0 < value < limit:
                raise DataError(
                    f"expected one of {', '.join(_LABELS)} and its value, found {line!r}", path=path, line=number
                )
            values[label] = value
        if missing := [label for label in _LABELS[:3] if label not in values]:
            raise DataError(f"lacks {', '.join(missing)}", path=path)
        return cls(*(values[label] for label in _LABELS[:3]))

    @classmethod
    def beside(cls, lexicon: Path) -> Self | None:
        """The ``silprob.txt`` in the folder of a ``lexiconp_silprob.txt``; None for a lexicon with another name.

        Raises:
            FormatError, DataError: see :meth:`read`.
        """
        return cls.read(lexicon.parent / "silprob.txt") if lexicon.name.startswith("lexiconp_silprob") else None


def silence_lexicon_fst(
    lexicon: Sequence[Pronunciation],
    phones: SymbolTable,
    words: SymbolTable,
    sentence: SentenceSilence,
    silence_phone: str,
    disambiguation: str | None = None,
) -> Fst:
    """L for any sequence of words, with the silence probabilities of each word.

    Args:
        lexicon: pronunciations with their silence probabilities.
        phones: ids of the phones and disambiguation symbols.
        words: ids of the words.
        sentence: silence at the beginning and the end.
        silence_phone: the optional silence.
        disambiguation: for L_disambig the symbol, such as ``#5``, on the paths without silence; None for L.

    Returns:
        Phones to words, arcs sorted by output label.

    Raises:
        DataError: a pronunciation has no silence probabilities.
    """
    silence = phones.id_of(silence_phone)
    no_silence = EPSILON if disambiguation is None else phones.id_of(disambiguation)
    arcs: list[LexiconArc] = [
        (START, silence, EPSILON, -math.log(sentence.begin), AFTER_SILENCE),
        (START, no_silence, EPSILON, -math.log(1.0 - sentence.begin), AFTER_WORD),
    ]
    num_states = 3
    for entry in lexicon:
        if entry.silence is None:
            raise DataError(f"the pronunciation of {entry.word!r} has no silence probabilities", line=entry.line)
        first, *rest = (phones.id_of(phone) for phone in entry.phones)
        cost = -math.log(entry.probability)
        for state, correction in (
            (AFTER_WORD, entry.silence.word_ratio_after_word),
            (AFTER_SILENCE, entry.silence.word_ratio_after_silence),
        ):
            arcs.append((state, first, words.id_of(entry.word), cost - math.log(correction), num_states))
        for label in rest:
            arcs.append((num_states, label, EPSILON, 0.0, num_states + 1))
            num_states += 1
        arcs.append((num_states, no_silence, EPSILON, -math.log(1.0 - entry.silence.silence_after), AFTER_WORD))
        arcs.append((num_states, silence, EPSILON, -math.log(entry.silence.silence_after), AFTER_SILENCE))
        num_states += 1
    final = np.full(num_states, np.inf)
    final[AFTER_SILENCE] = -math.log(sentence.end_after_silence)
    final[AFTER_WORD] = -math.log(sentence.end_after_word)
    return sort_arcs(Fst.from_arcs(START, final, *arcs_in_columns(arcs)), by="olabel")
