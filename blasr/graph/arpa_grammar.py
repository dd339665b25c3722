"""From a backoff model to G, the acceptor of words (Kaldi's ``arpa-lm-compiler.cc``), over whole arrays."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from blasr.errors import DataError
from blasr.graph.lang import BACKOFF
from blasr.graph.lexicon_fst import sort_arcs
from blasr.io.fst import Fst
from blasr.io.symbols import SymbolTable
from blasr.lm.backoff_model import BEGIN, END, MISSING, ROOT, BackoffModel
from blasr.lm.vocabulary import ngrams_without
from blasr.units import EPSILON, IntArray

_LN10: Final = math.log(10.0)


def grammar_of(model: BackoffModel, words: SymbolTable) -> Fst:
    """G of a backoff model: a state for every context, ``#0`` on the input side of its backoff arcs.

    N-grams with words that ``words`` lacks are left out, and so are states that could only back off: their costs are
    on the arcs that lead past them. ``<s>`` is the start state and ``</s>`` the cost of ending. Sorted by input label.

    Raises:
        DataError: no sentence can end, as the model has no ``</s>``.
    """
    label = np.array([words.id_of(word) if word in words else MISSING for word in model.words], dtype=np.int32)
    begin, end = model.ids.get(BEGIN, MISSING), model.ids.get(END, MISSING)
    if end == MISSING:
        raise DataError("the language model has no </s>: no sentence can end")
    label[[number for number in (begin, end) if number != MISSING]] = EPSILON
    spelt = ngrams_without(model, label == MISSING)
    is_state = np.zeros(model.num_nodes, dtype=bool)
    is_state[model.parent[1:][spelt[1:]]] = True
    start = begin + 1 if begin != MISSING else ROOT
    is_state[[ROOT, start]] = True
    state = np.where(is_state, np.cumsum(is_state) - 1, MISSING).astype(np.int32)

    target = np.arange(model.num_nodes)
    passed = np.zeros(model.num_nodes)  # log10 of the backoffs on the way to the target
    while len(left := np.flatnonzero(~is_state[target])):
        passed[left] += model.backoff[target[left]]
        target[left] = model.suffix[target[left]]

    spelt[ROOT] = False
    ends = np.flatnonzero(spelt & (model.word == end))
    final = np.full(int(is_state.sum()), np.inf)
    final[state[model.parent[ends]]] = -_LN10 * model.log_prob[ends]
    arcs = np.flatnonzero(spelt & (model.word != end) & (model.word != begin))
    backs = np.flatnonzero(is_state)[1:]
    lower = model.suffix[backs]
    words_of_arcs: IntArray = label[model.word[arcs]]
    fst = Fst.from_arcs(
        int(state[start]),
        final,
        np.concatenate((state[model.parent[arcs]], state[backs])),
        np.concatenate((words_of_arcs, np.full(len(backs), words.id_of(BACKOFF), dtype=np.int32))),
        np.concatenate((words_of_arcs, np.full(len(backs), EPSILON, dtype=np.int32))),
        -_LN10 * np.concatenate((model.log_prob[arcs] + passed[arcs], model.backoff[backs] + passed[lower])),
        np.concatenate((state[target[arcs]], state[target[lower]])),
    )
    return sort_arcs(fst, by="ilabel")
