"""The HMM part of a graph: H, the self-loops, and the costs of transitions (Kaldi's ``hmm/hmm-utils.cc``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from blasr.errors import MismatchError
from blasr.hmm.topology import NO_PDF, HmmState
from blasr.hmm.transition_model import TransitionModel
from blasr.hmm.tree import ContextDependency
from blasr.io.fst import Fst
from blasr.units import EPSILON, FloatArray, IntArray

LOOP_STATE = 0
"""The state of H between phones."""

_Arc = tuple[int, int, int, float, int]  # source, ilabel, olabel, weight, nextstate


@dataclass(frozen=True)
class HTransducer:
    """H and the disambiguation symbols on its input side.

    Attributes:
        fst: from transition-ids to the labels of phones in context, without self-loops, sorted by output label.
        disambig: its input labels that are no transition-ids: those above the largest transition-id.
    """

    fst: Fst
    disambig: IntArray


class HTransducerBuilder:
    """Makes H for the phone windows of context transducers (``GetHTransducer``).

    Args:
        tree: the phonetic decision tree.
        transition_model: of the same model.
        transition_scale: scale of the costs of leaving a state one way or another.
    """

    def __init__(
        self, tree: ContextDependency, transition_model: TransitionModel, transition_scale: float = 1.0
    ) -> None:
        self._tree = tree
        self._model = transition_model
        costs = -transition_model.log_probs_ignoring_self_loops * np.float32(transition_scale)
        self._costs: list[float] = np.where(costs == 0, np.float32(0), costs).tolist()  # no negative zeros
        self._hmm_of_window = lru_cache(maxsize=2**18)(self._find_hmm)
        self._arcs_of_hmm: dict[tuple[int, ...], list[_Arc]] = {}

    def build(self, windows: Sequence[Sequence[int]]) -> HTransducer:
        """H for the windows that ``compose_context`` returns.

        Args:
            windows: what each label of the context transducer stands for: label 0 nothing; a window of phones, 0 beyond
                the ends; or a disambiguation symbol as one negated phone (or one 0, at the beginning).

        Raises:
            MismatchError: the tree or the model does not cover a window.
        """
        arcs: list[_Arc] = []
        disambig: list[int] = []
        entry_of_hmm: dict[tuple[int, ...], _Arc] = {}
        num_states = 1
        for label, window in enumerate(windows[1:], start=1):
            if len(window) == 1 and window[0] <= 0:
                symbol = self._model.num_transition_ids + 1 + len(disambig)
                disambig.append(symbol)
                arcs += [
                    (LOOP_STATE, symbol, label, 0.0, num_states),
                    (num_states, EPSILON, EPSILON, 0.0, LOOP_STATE),
                ]
                num_states += 1
                continue
            hmm = self._hmm_of_window(tuple(window))
            if hmm not in entry_of_hmm:
                inner = self._arcs(hmm)
                shift = num_states - 1  # state 0 of an HMM is the loop state of H
                entry_of_hmm[hmm] = (LOOP_STATE, *inner[0][1:4], inner[0][4] + shift)
                arcs += [
                    (source + shift, tid, EPSILON, cost, target + shift if target else LOOP_STATE)
                    for source, tid, _, cost, target in inner[1:]
                ]
                num_states += max(arc[0] for arc in inner)
            source, tid, _, cost, target = entry_of_hmm[hmm]
            arcs.append((source, tid, label, cost, target))
        final = np.full(num_states, np.inf)
        final[LOOP_STATE] = 0.0
        columns = zip(*arcs, strict=True) if arcs else ((),) * 5
        return HTransducer(
            Fst.from_arcs(LOOP_STATE, final, *[np.array(column) for column in columns]),
            np.array(disambig, dtype=np.int32),
        )

    def _find_hmm(self, window: tuple[int, ...]) -> tuple[int, ...]:
        """The central phone of a window, and the pdf-ids of its pdf-classes."""
        phone = window[self._tree.central_position]
        num_classes = self._model.topology.num_pdf_classes(phone)
        return (phone, *(self._tree.pdf_id(window, pdf_class) for pdf_class in range(num_classes)))

    def _arcs(self, hmm: tuple[int, ...]) -> list[_Arc]:
        """Arcs of an HMM without self-loops; the first enters it from state 0, some return there (``GetHmmAsFst``)."""
        if hmm not in self._arcs_of_hmm:
            phone, *pdfs = hmm
            entry = self._model.topology.entry(phone)
            inner = [arc for number, state in enumerate(entry) for arc in self._state_arcs(phone, number, state, pdfs)]
            enters_once = sum(arc[0] == 1 for arc in inner) == 1 and all(arc[4] != 1 for arc in inner)
            if enters_once:  # the first transition itself can carry the label of the phone in context
                first, *rest = inner
                arcs = [(0, *first[1:4], first[4] - 1)]
                arcs += [(source - 1, tid, label, cost, target - 1) for source, tid, label, cost, target in rest]
                last = len(entry) - 1
            else:
                arcs = [(0, EPSILON, EPSILON, 0.0, 1), *inner]
                last = len(entry)
            self._arcs_of_hmm[hmm] = [*arcs, (last, EPSILON, EPSILON, 0.0, 0)]
        return self._arcs_of_hmm[hmm]

    def _state_arcs(self, phone: int, number: int, state: HmmState, pdfs: Sequence[int]) -> Iterable[_Arc]:
        """Arcs from HMM state ``number`` to others; state 0 of the HMM is numbered 1 here."""
        if state.forward_pdf_class == NO_PDF:
            for target, probability in state.transitions:
                yield (number + 1, EPSILON, EPSILON, float(-np.log(probability)), target + 1)
            return
        transition_state = self._model.transition_state(
            phone, number, pdfs[state.forward_pdf_class], pdfs[state.self_loop_pdf_class]
        )
        first = int(self._model.first_transition_ids[transition_state])
        for index, (target, _) in enumerate(state.transitions):
            if target != number:
                yield (number + 1, first + index, EPSILON, self._costs[first + index], target + 1)


def remove_input_symbols(fst: Fst, symbols: IntArray) -> Fst:
    """Make epsilons of these input labels (``fstrmsymbols``)."""
    return replace(fst, ilabel=np.where(np.isin(fst.ilabel, symbols), np.int32(EPSILON), fst.ilabel))


def add_self_loops(fst: Fst, transition_model: TransitionModel, self_loop_scale: float) -> Fst:
    """Add the self-loop of each HMM state behind the transition that enters it (``AddSelfLoops``, reordered).

    States entered by transitions of several HMM states are entered through new states with one self-loop each.

    Args:
        fst: transition-ids (without self-loops) or epsilon on its input side.
        transition_model: of the same model.
        self_loop_scale: scale of the costs of staying and of leaving.

    Raises:
        MismatchError: a label is no transition-id of the model, or a self-loop already.
    """
    check_transition_ids(fst, transition_model)
    if transition_model.is_self_loop(fst.ilabel[fst.ilabel > 0]).any():
        raise MismatchError("the graph has self-loops already", fix="add self-loops only once")
    fst = _one_state_before(fst, transition_model)
    entered_by = np.zeros(fst.num_states, dtype=np.int32)  # transition-state, 0 for epsilon
    entered_by[fst.nextstate] = transition_model.transition_states[fst.ilabel]
    first_tid = transition_model.first_transition_ids[entered_by]
    leaving = -transition_model.non_self_loop_log_probs[first_tid] * np.float32(self_loop_scale)
    leaving = np.where(entered_by > 0, leaving, np.float32(0))
    loop = np.where(entered_by > 0, transition_model.self_loop_of[first_tid], 0)
    looping = np.flatnonzero(loop)
    sources = fst.sources
    no_labels = np.zeros(len(looping), dtype=np.int32)
    return Fst.from_arcs(
        fst.start,
        fst.final + leaving,
        np.concatenate([sources, looping]),
        np.concatenate([fst.ilabel, loop[looping]]),
        np.concatenate([fst.olabel, no_labels]),
        np.concatenate(
            [
                fst.weight + leaving[sources],
                -transition_model.log_probs[loop[looping]] * np.float32(self_loop_scale),
            ]
        ),
        np.concatenate([fst.nextstate, looping]),
    )


def _one_state_before(fst: Fst, transition_model: TransitionModel) -> Fst:
    """Let each state be entered by transitions of one HMM state only (``MakePrecedingInputSymbolsSameClass``)."""
    entering = transition_model.transition_states[fst.ilabel].astype(np.int64)
    lowest = np.full(fst.num_states, np.iinfo(np.int64).max)
    highest = np.full(fst.num_states, -1, dtype=np.int64)
    if fst.num_states:
        lowest[fst.start] = highest[fst.start] = 0
    np.minimum.at(lowest, fst.nextstate, entering)
    np.maximum.at(highest, fst.nextstate, entering)
    changed = np.flatnonzero((fst.ilabel != EPSILON) & (lowest < highest)[fst.nextstate])
    if not len(changed):
        return fst
    keys = fst.nextstate[changed].astype(np.int64) * (transition_model.num_transition_states + 1) + entering[changed]
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))  # new states are numbered as their first arcs come
    states = fst.num_states + rank[group]
    num_new = len(first)
    targets = np.empty(num_new, dtype=np.int64)
    targets[rank] = fst.nextstate[changed[first]]
    nextstate = fst.nextstate.copy()
    nextstate[changed] = states
    nothing = np.zeros(num_new)
    return Fst.from_arcs(
        fst.start,
        np.concatenate([fst.final, np.full(num_new, np.inf)]),
        np.concatenate([fst.sources, fst.num_states + np.arange(num_new)]),
        np.concatenate([fst.ilabel, nothing]),
        np.concatenate([fst.olabel, nothing]),
        np.concatenate([fst.weight, nothing]),
        np.concatenate([nextstate, targets]),
    )


def transition_costs(
    transition_model: TransitionModel, *, transition_scale: float, self_loop_scale: float
) -> FloatArray:
    """The scaled cost of every transition-id, element 0 unused and 0 (``GetScaledTransitionLogProb``)."""
    log_probs = transition_model.log_probs
    if transition_scale == self_loop_scale:
        costs = -log_probs * np.float32(transition_scale)
    else:
        is_loop = np.zeros(len(log_probs), dtype=bool)
        is_loop[1:] = transition_model.is_self_loop(np.arange(1, len(log_probs)))
        staying_or_leaving = np.where(is_loop, log_probs, transition_model.non_self_loop_log_probs)
        where_to = np.where(is_loop, np.float32(0), transition_model.log_probs_ignoring_self_loops)
        costs = -(np.float32(self_loop_scale) * staying_or_leaving + np.float32(transition_scale) * where_to)
    costs = costs.astype(np.float32)
    costs[0] = 0.0
    return costs


def add_transition_costs(
    fst: Fst, transition_model: TransitionModel, *, transition_scale: float = 1.0, self_loop_scale: float = 0.1
) -> Fst:
    """The graph with the scaled costs of its transition-ids added (``AddTransitionProbs``).

    Args:
        fst: a graph with self-loops that was compiled without transition costs.
        transition_model: the latest estimate; its tree is that of the graph.
        transition_scale: scale of the costs of leaving a state one way or another.
        self_loop_scale: scale of the costs of staying in a state or leaving it.

    Raises:
        MismatchError: a label is no transition-id of the model.
    """
    check_transition_ids(fst, transition_model)
    costs = transition_costs(transition_model, transition_scale=transition_scale, self_loop_scale=self_loop_scale)
    return replace(fst, weight=fst.weight + costs[fst.ilabel])


def check_transition_ids(fst: Fst, transition_model: TransitionModel) -> None:
    """Raise :class:`MismatchError` if an input label of the graph is no transition-id of the model."""
    highest = int(fst.ilabel.max(initial=0))
    if highest > transition_model.num_transition_ids:
        raise MismatchError(
            f"the graph has the transition-id {highest}, the model {transition_model.num_transition_ids} of them",
            fix="use a graph that was made from this model",
        )
