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

LexiconArc = tuple[int, int, int, float, int]
"""Source state, phone, word, cost and next state."""


@dataclass(frozen=True)
class Place:
    """Where in a word the phones of a lexicon entry may occur: the place of a whole word, or of a piece of one.

    Attributes:
        begins: the entry begins a word; otherwise it continues one.
        ends: a word may end after it.
        continues: a word may continue after it.
    """

    begins: bool = True
    ends: bool = True
    continues: bool = False


WHOLE_WORD = Place()


def place_of(word: str, whole: Collection[str]) -> Place:
    """The place of an entry of a vocabulary of pieces; ``whole`` are the entries that are whole words."""
    if word in whole:
        return WHOLE_WORD
    return Place(begins=word.startswith(WORD_MARK), continues=True)


@dataclass(frozen=True)
class OptionalSilence:
    """The silence that may occur before, between and after words.

    Attributes:
        phone: its phone.
        probability: above 0, below 1.
        disambiguation: the symbol that follows it in L_disambig, such as ``#5``; None for L.
    """

    phone: str
    probability: float
    disambiguation: str | None = None


def add_disambiguation_symbols(lexicon: Sequence[Pronunciation]) -> tuple[list[Pronunciation], int]:
    """Make every phone sequence unique and no prefix of another (``utils/add_lex_disambig.pl``).

    Returns:
        The lexicon, with ``#1``, ``#2``, ... after the pronunciations that need one, and the highest number used.
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
    """L for any sequence of words; a word is on the first arc of its pronunciation.

    A piece that continues a word only follows a piece after which the word may continue, without silence in between
    (Smit, Virpioja and Kurimo, "Improved subword modeling for WFST-based speech recognition", Interspeech 2017).

    Args:
        lexicon: pronunciations, with or without disambiguation symbols.
        phones: ids of the phones and disambiguation symbols.
        words: ids of the words.
        silence: None for an L without optional silence.
        places: the place in the word of every pronunciation; by default all are whole words.

    Returns:
        Phones to words, arcs sorted by output label.
    """
    places = [WHOLE_WORD] * len(lexicon) if places is None else places
    arcs: list[LexiconArc] = []
    if silence is None:
        loop, num_states = 0, 1
        word_ends = [(0.0, loop)]
    else:
        loop, word_ends, num_states = _add_silence(arcs, silence, phones)
    inside_word = num_states  # the state between two pieces of a word
    num_states += any(place.continues for place in places)
    for entry, place in zip(lexicon, places, strict=True):
        state, cost, word = loop if place.begins else inside_word, -math.log(entry.probability), words.id_of(entry.word)
        labels = [phones.id_of(phone) for phone in entry.phones]
        for label in labels[:-1]:
            arcs.append((state, label, word, cost, num_states))
            state, cost, word = num_states, 0.0, EPSILON
            num_states += 1
        targets = word_ends * place.ends + [(0.0, inside_word)] * place.continues
        arcs += [(state, labels[-1], word, end_cost + cost, target) for end_cost, target in targets]
    final = np.full(num_states, np.inf)
    final[loop] = 0.0
    return sort_arcs(Fst.from_arcs(0, final, *arcs_in_columns(arcs)), by="olabel")


def _add_silence(
    arcs: list[LexiconArc], silence: OptionalSilence, phones: SymbolTable
) -> tuple[int, list[tuple[float, int]], int]:
    """Add the arcs of the optional silence.

    Returns:
        The state from which words start, costs and targets of the arcs that end a word, and the number of states.
    """
    start, loop, before_silence, num_states = 0, 1, 2, 3
    no_silence_cost, silence_cost = -math.log(1.0 - silence.probability), -math.log(silence.probability)
    word_ends = [(no_silence_cost, loop), (silence_cost, before_silence)]
    arcs += [(start, EPSILON, EPSILON, cost, state) for cost, state in word_ends]
    if silence.disambiguation is None:
        arcs.append((before_silence, phones.id_of(silence.phone), EPSILON, 0.0, loop))
    else:
        arcs.append((before_silence, phones.id_of(silence.phone), EPSILON, 0.0, num_states))
        arcs.append((num_states, phones.id_of(silence.disambiguation), EPSILON, 0.0, loop))
        num_states += 1
    return loop, word_ends, num_states


def arcs_in_columns(arcs: Sequence[LexiconArc]) -> list[Sequence[float]]:
    """Sources, input labels, output labels, weights and next states of the arcs, as ``Fst.from_arcs`` takes them."""
    return [list(column) for column in zip(*arcs, strict=True)]


def add_backoff_loops(fst: Fst, phone: int, word: int) -> Fst:
    """L_disambig with a loop of the grammar's ``#0`` at every state between words (``fstaddselfloops``).

    Args:
        fst: L with disambiguation symbols.
        phone: id of ``#0`` among the phones.
        word: id of ``#0`` among the words.

    Returns:
        The transducer with its arcs sorted by output label.
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
