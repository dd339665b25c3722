"""The denominator graph: all phone sequences of a phone language model, as a hidden Markov model of pdfs.

As in Kaldi's ``chain/chain-den-graph.cc``, but over any tree and topology: the phone language model is composed with
context and HMMs, self-loops are added with the probabilities of the transition model, and epsilons are removed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np

from blasr.errors import DataError
from blasr.graph import HTransducerBuilder, add_self_loops, expand_to_transitions
from blasr.hmm import ContextDependency, Segmenter, TransitionModel
from blasr.io import Fst
from blasr.sequence.config import PhoneLmConfig
from blasr.sequence.graph import SequenceGraph, normalized
from blasr.sequence.phone_lm import PhoneCounts, estimate_phone_lm
from blasr.units import EPSILON, AnyArray, IntArray

logger = logging.getLogger(__name__)


def build_denominator(
    alignments: Iterable[IntArray], model: TransitionModel, tree: ContextDependency, config: PhoneLmConfig
) -> SequenceGraph:
    """Return the graph of all phone sequences of a phone language model that is estimated on alignments.

    Args:
        alignments: transition-ids ``(T,)`` of utterances.
        model: the transition model of the alignments.
        tree: the tree of the model.
        config: the phone language model.

    Raises:
        DataError: an alignment does not belong to the model, or there is none.
        MismatchError: tree and model do not belong together.
    """
    segmenter = Segmenter(model)
    counts = PhoneCounts(config.order, model.num_phones)
    for alignment in alignments:
        counts.add(segmenter.segments(alignment).phones)
    phone_lm = estimate_phone_lm(counts, config)
    graph = expand_phone_lm(phone_lm, model, tree)
    logger.info(
        "phone language model of %d utterances: %d states, %d arcs; "
        "denominator: %d states, %d transitions, %d of %d pdfs",
        counts.num_sequences,
        phone_lm.num_states,
        phone_lm.num_arcs,
        graph.num_states,
        graph.num_transitions,
        len(graph.active_pdfs),
        graph.num_pdfs,
    )
    return graph


def expand_phone_lm(phone_lm: Fst, model: TransitionModel, tree: ContextDependency) -> SequenceGraph:
    """Return the hidden Markov model of an acceptor of phones, normalized.

    Raises:
        MismatchError: the tree or the model lacks a phone of the acceptor.
    """
    builder = HTransducerBuilder(tree, model, transition_scale=1.0)
    transitions, _ = expand_to_transitions(phone_lm, [], tree, builder, remove_epsilons=True)
    graph, _ = normalized(_without_epsilons(add_self_loops(transitions, model, self_loop_scale=1.0), model))
    return graph


def _without_epsilons(fst: Fst, model: TransitionModel) -> SequenceGraph:
    """Return the states that emit, joined by the paths of epsilons between them.

    In ``fst`` all transition-ids that enter a state have the same pdf; it becomes the pdf of the state.
    """
    weights = np.exp(-fst.weight.astype(np.float64))
    final = np.exp(-fst.final.astype(np.float64))
    pdf_ids = np.full(fst.num_states, -1, np.int32)
    emitting = fst.ilabel != EPSILON
    pdf_ids[fst.nextstate[emitting]] = model.pdf_ids(fst.ilabel[emitting])
    rows = _EpsilonClosure(fst, weights, final)
    states = np.flatnonzero(pdf_ids >= 0)
    number = np.full(fst.num_states, -1, np.int64)
    number[states] = np.arange(len(states))
    start, _ = rows.of(fst.start)
    initial = np.zeros(len(states))
    initial[number[list(start)]] = list(start.values())
    found = [rows.of(state) for state in states.tolist()]
    sizes = [len(row) for row, _ in found]
    return SequenceGraph(
        initial=initial,
        final=np.array([ending for _, ending in found]),
        pdf_ids=pdf_ids[states],
        offsets=np.cumsum([0, *sizes]).astype(np.int64),
        targets=number[[target for row, _ in found for target in row]].astype(np.int32),
        probabilities=np.array([weight for row, _ in found for weight in row.values()], np.float64),
        num_pdfs=model.num_pdfs,
    )


_Row = tuple[dict[int, float], float]  # the weights of the states entered next, and of ending


class _EpsilonClosure:
    """For a state of a transducer: what can be emitted next, through any number of epsilons."""

    def __init__(self, fst: Fst, weights: AnyArray, final: AnyArray) -> None:
        self._fst = fst
        self._weights: list[float] = weights.tolist()
        self._labels: list[int] = fst.ilabel.tolist()
        self._targets: list[int] = fst.nextstate.tolist()
        self._final: list[float] = final.tolist()
        self._through: dict[int, _Row | None] = {}  # states that epsilons enter; None while it is computed

    def of(self, state: int) -> _Row:
        """Return the weights of the states that are entered next, and of ending."""
        row: dict[int, float] = {}
        ending = self._final[state]
        for arc in range(int(self._fst.offsets[state]), int(self._fst.offsets[state + 1])):
            target, weight = self._targets[arc], self._weights[arc]
            if self._labels[arc] != EPSILON:
                row[target] = row.get(target, 0.0) + weight
                continue
            further, further_ending = self._after(target)
            ending += weight * further_ending
            for reached, more in further.items():
                row[reached] = row.get(reached, 0.0) + weight * more
        return row, ending

    def _after(self, state: int) -> _Row:
        if state not in self._through:
            self._through[state] = None
            self._through[state] = self.of(state)
        row = self._through[state]
        if row is None:
            raise DataError("the denominator graph has a cycle of epsilons", fix="check the topology of the phones")
        return row
