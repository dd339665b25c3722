"""From a backoff model to G, the acceptor of words (Kaldi's ``arpa-lm-compiler.cc``), with array operations."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

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
    """Return G of a backoff model: one state for every context, ``#0`` on the input side of its backoff arcs.

    N-grams with words that ``words`` lacks are left out. States with nothing but a backoff arc are left out too; the
    arcs into them lead to their backoff states instead and include the backoff costs.

    Args:
        model: the language model.
        words: ids of the words, and of ``#0``.

    Returns:
        G with its arcs sorted by input label; ``<s>`` becomes the start state and ``</s>`` the final costs.

    Raises:
        DataError: no sentence can end, because the model has no ``</s>``.
    """
    begin, end = model.ids.get(BEGIN, MISSING), model.ids.get(END, MISSING)
    if end == MISSING:
        raise DataError("the language model has no </s>: no sentence can end")
    label = np.array([words.id_of(word) if word in words else MISSING for word in model.words], dtype=np.int32)
    label[[number for number in (begin, end) if number != MISSING]] = EPSILON
    known = ngrams_without(model, label == MISSING)
    start = begin + 1 if begin != MISSING else ROOT
    is_state = np.zeros(model.num_nodes, dtype=bool)  # by node: whether G has a state for it
    is_state[model.parent[1:][known[1:]]] = True
    is_state[[ROOT, start]] = True
    state = np.where(is_state, np.cumsum(is_state) - 1, MISSING).astype(np.int32)
    target, passed = _targets(model, is_state)

    known[ROOT] = False
    ends = np.flatnonzero(known & (model.word == end))
    final = np.full(int(is_state.sum()), np.inf)
    final[state[model.parent[ends]]] = -_LN10 * model.log_prob[ends]
    arcs = np.flatnonzero(known & (model.word != end) & (model.word != begin))
    backs = np.flatnonzero(is_state)[1:]  # every state but the root has a backoff arc
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


def _targets(model: BackoffModel, is_state: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For every node, the longest suffix that has a state, and the log10 of the backoffs on the way to it."""
    target = np.arange(model.num_nodes)
    passed = np.zeros(model.num_nodes)
    while len(left := np.flatnonzero(~is_state[target])):
        passed[left] += model.backoff[target[left]]
        target[left] = model.suffix[target[left]]
    return target, passed
