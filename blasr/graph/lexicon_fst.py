"""The lexicon as a transducer from phones to words, L (Kaldi's ``utils/lang/make_lexicon_fst.py``)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from blasr.io.fst import Fst
from blasr.io.symbols import SymbolTable
from blasr.lexicon.pronunciations import Pronunciation
from blasr.lexicon.word_pieces import WORD_MARK
from blasr.units import EPSILON


@dataclass(frozen=True)
class Place:
    """Where in a word a pronunciation may stand: that of a whole word, or of a piece of one.

    Attributes:
        begins: a word begins with it; else it goes on with one.
        ends: a word may end with it.
        continues: a word may go on after it.
    """

    begins: bool = True
    ends: bool = True
    continues: bool = False


WHOLE_WORD = Place()


def place_of(word: str, whole: Collection[str]) -> Place:
    """Where a word of a vocabulary of pieces stands; ``whole`` are those that are no pieces."""
    if word in whole:
        return WHOLE_WORD
    return Place(begins=word.startswith(WORD_MARK), continues=True)


@dataclass(frozen=True)
class OptionalSilence:
    """The silence that may stand before, between and after words.

    Attributes:
        phone: its phone.
        probability: above 0, below 1.
        disambiguation: the symbol that follows it in L_disambig, such as ``#5``; None for L.
    """

    phone: str
    probability: float
    disambiguation: str | None = None


def add_disambiguation_symbols(lexicon: Sequence[Pronunciation]) -> tuple[list[Pronunciation], int]:
    """Make every phone sequence distinct and no prefix of another (``utils/add_lex_disambig.pl``).

    Returns:
        The lexicon, with ``#1``, ``#2``, ... behind pronunciations that need one, and the highest number used.
    """
    spoken = Counter(entry.phones for entry in lexicon)
    prefixes = {phones[:size] for phones in spoken for size in range(1, len(phones))}
    last_used: Counter[tuple[str, ...]] = Counter()
    distinct = []
    for entry in lexicon:
        phones = entry.phones
        if spoken[phones] > 1 or phones in prefixes:
            last_used[phones] += 1
            phones = (*phones, f"#{last_used[phones]}")
        distinct.append(replace(entry, phones=phones))
    return distinct, max(last_used.values(), default=0)


def lexicon_fst(
    lexicon: Sequence[Pronunciation],
    phones: SymbolTable,
    words: SymbolTable,
    silence: OptionalSilence | None,
    places: Sequence[Place] | None = None,
) -> Fst:
    """L, arcs sorted by output label: any sequence of words, a word on the first arc of its pronunciation.

    Pieces of words that go on with a word only follow pieces that it may go on after, without silence in between
    (Smit, Virpioja and Kurimo, "Improved subword modeling for WFST-based speech recognition", Interspeech 2017).

    Args:
        lexicon: pronunciations, with or without disambiguation symbols.
        phones: ids of the phones and disambiguation symbols.
        words: ids of the words.
        silence: None for an L without optional silence.
        places: where in words the pronunciations stand, one for each; by default all are whole words.
    """
    places = [WHOLE_WORD] * len(lexicon) if places is None else places
    arcs: list[tuple[int, int, int, float, int]] = []  # source, ilabel, olabel, weight, nextstate
    if silence is None:
        loop, num_states = 0, 1
        ends = [(0.0, loop)]
    else:
        start, loop, before_silence, num_states = 0, 1, 2, 3  # words leave and enter at the loop
        no_silence_cost, silence_cost = -math.log(1.0 - silence.probability), -math.log(silence.probability)
        ends = [(no_silence_cost, loop), (silence_cost, before_silence)]
        arcs += [(start, EPSILON, EPSILON, cost, state) for cost, state in ends]

        if silence.disambiguation is None:
            arcs.append((before_silence, phones.id_of(silence.phone), EPSILON, 0.0, loop))
        else:
            arcs.append((before_silence, phones.id_of(silence.phone), EPSILON, 0.0, num_states))
            arcs.append((num_states, phones.id_of(silence.disambiguation), EPSILON, 0.0, loop))
            num_states += 1
    inside = num_states  # of a word: there its next piece leaves
    num_states += any(place.continues for place in places)
    for entry, place in zip(lexicon, places, strict=True):
        state, cost, word = loop if place.begins else inside, -math.log(entry.probability), words.id_of(entry.word)
        labels = [phones.id_of(phone) for phone in entry.phones]
        for label in labels[:-1]:
            arcs.append((state, label, word, cost, num_states))
            state, cost, word = num_states, 0.0, EPSILON
            num_states += 1
        targets = ends * place.ends + [(0.0, inside)] * place.continues
        arcs += [(state, labels[-1], word, end_cost + cost, end) for end_cost, end in targets]
    final = np.full(num_states, np.inf)
    final[loop] = 0.0
    return sort_arcs(Fst.from_arcs(0, final, *arcs_in_columns(arcs)), by="olabel")


def arcs_in_columns(arcs: Sequence[tuple[int, int, int, float, int]]) -> list[Sequence[float]]:
    """Sources, input labels, output labels, weights and next states of the arcs, as ``Fst.from_arcs`` takes them."""
    return [list(column) for column in zip(*arcs, strict=True)]


def add_backoff_loops(fst: Fst, phone: int, word: int) -> Fst:
    """L_disambig with loops that let the grammar's ``#0`` pass (``fstaddselfloops``), sorted by output label.

    Args:
        fst: L with disambiguation symbols.
        phone: id of ``#0`` among the phones.
        word: id of ``#0`` among the words.
    """
    sources = fst.sources
    begins_word = np.isfinite(fst.final)
    begins_word[sources[fst.olabel != EPSILON]] = True
    states = np.flatnonzero(begins_word)
    size = len(states)
    return sort_arcs(
        Fst.from_arcs(
            fst.start,
            fst.final,
            np.concatenate([sources, states]),
            np.concatenate([fst.ilabel, np.full(size, phone)]),
            np.concatenate([fst.olabel, np.full(size, word)]),
            np.concatenate([fst.weight, np.zeros(size)]),
            np.concatenate([fst.nextstate, states]),
        ),
        by="olabel",
    )


def sort_arcs(fst: Fst, *, by: str) -> Fst:
    """Sort the arcs of every state by ``"ilabel"`` or ``"olabel"``, then by the other (``fstarcsort``)."""
    keys = (fst.olabel, fst.ilabel) if by == "ilabel" else (fst.ilabel, fst.olabel)
    order = np.lexsort((*keys, fst.sources))
    return replace(
        fst,
        ilabel=fst.ilabel[order],
        olabel=fst.olabel[order],
        weight=fst.weight[order],
        nextstate=fst.nextstate[order],
    )
