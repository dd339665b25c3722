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

from blasr.errors import DataError, FormatError
from blasr.graph.lexicon_fst import arcs_in_columns, sort_arcs
from blasr.io.fst import Fst
from blasr.io.symbols import SymbolTable
from blasr.lexicon.pronunciations import Pronunciation
from blasr.units import EPSILON

START: Final = 0
BEHIND_WORD: Final = 1
BEHIND_SILENCE: Final = 2
_LABELS: Final = ("<s>", "</s>_s", "</s>_n", "overall")


@dataclass(frozen=True)
class SentenceSilence:
    """How silence goes with beginnings and ends of sentences.

    Attributes:
        begin: the probability of silence before the first word, above 0 and below 1.
        end_behind_silence: how much more probable than on the whole the end is behind a silence.
        end_behind_word: the same where no silence stands before it.
    """

    begin: float
    end_behind_silence: float
    end_behind_word: float

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Self:
        """Read Kaldi's ``silprob.txt``: ``<s> P``, ``</s>_s X``, ``</s>_n X``, ``overall P``, the last of no use here.

        Raises:
            FormatError: the file cannot be read.
            DataError: a line is something else, or one is missing.
        """
        try:
            lines = Path(path).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise FormatError(f"cannot be read: {error}", path=path) from None
        values: dict[str, float] = {}
        for number, line in enumerate(lines, start=1):
            fields = line.split()
            try:
                label, value = fields[0], float(fields[1])
            except (IndexError, ValueError):
                label, value = "", -1.0
            most = 1.0 if label in ("<s>", "overall") else math.inf
            if len(fields) != 2 or label not in _LABELS or not 0.0 < value < most:
                raise DataError(
                    f"expected one of {', '.join(_LABELS)} and its value, found {line!r}", path=path, line=number
                )
            values[label] = value
        if missing := [label for label in _LABELS[:3] if label not in values]:
            raise DataError(f"lacks {', '.join(missing)}", path=path)
        return cls(*(values[label] for label in _LABELS[:3]))


def silence_lexicon_fst(
    lexicon: Sequence[Pronunciation],
    phones: SymbolTable,
    words: SymbolTable,
    sentence: SentenceSilence,
    silence_phone: str,
    disambiguation: str | None = None,
) -> Fst:
    """L, arcs sorted by output label: any sequence of words, silence between them as often as each word has it.

    Args:
        lexicon: pronunciations with their silence probabilities.
        phones: ids of the phones and disambiguation symbols.
        words: ids of the words.
        sentence: silence at the beginning and the end.
        silence_phone: the optional silence.
        disambiguation: in L_disambig the symbol, such as ``#5``, on the ways without silence; None for L.

    Raises:
        DataError: a pronunciation has no silence probabilities.
    """
    silence = phones.id_of(silence_phone)
    none = EPSILON if disambiguation is None else phones.id_of(disambiguation)
    arcs: list[tuple[int, int, int, float, int]] = [
        (START, silence, EPSILON, -math.log(sentence.begin), BEHIND_SILENCE),
        (START, none, EPSILON, -math.log(1.0 - sentence.begin), BEHIND_WORD),
    ]
    num_states = 3
    for entry in lexicon:
        if entry.silence is None:
            raise DataError(f"the pronunciation of {entry.word!r} has no silence probabilities", line=entry.line)
        first, *rest = (phones.id_of(phone) for phone in entry.phones)
        cost = -math.log(entry.probability)
        for state, correction in (
            (BEHIND_WORD, entry.silence.behind_word),
            (BEHIND_SILENCE, entry.silence.behind_silence),
        ):
            arcs.append((state, first, words.id_of(entry.word), cost - math.log(correction), num_states))
        for label in rest:
            arcs.append((num_states, label, EPSILON, 0.0, num_states + 1))
            num_states += 1
        arcs.append((num_states, none, EPSILON, -math.log(1.0 - entry.silence.after), BEHIND_WORD))
        arcs.append((num_states, silence, EPSILON, -math.log(entry.silence.after), BEHIND_SILENCE))
        num_states += 1
    final = np.full(num_states, np.inf)
    final[BEHIND_SILENCE] = -math.log(sentence.end_behind_silence)
    final[BEHIND_WORD] = -math.log(sentence.end_behind_word)
    return sort_arcs(Fst.from_arcs(START, final, *arcs_in_columns(arcs)), by="olabel")
