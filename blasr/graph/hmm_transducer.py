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
_Hmm = tuple[int, ...]  # a phone and the pdf-ids of its pdf-classes


@dataclass(frozen=True)
class HTransducer:
    """H and the disambiguation symbols on its input side.

    Attributes:
        fst: from transition-ids to the labels of phones in context, without self-loops, sorted by output label.
        disambig: its input labels that are disambiguation symbols; they are larger than all transition-ids.
    """

    fst: Fst
    disambig: IntArray


class HTransducerBuilder:
    """Makes H for the phone windows of a context transducer (``GetHTransducer``).

    Args:
        tree: the phonetic decision tree.
        transition_model: the transition model that belongs to the tree.
        transition_scale: scale of the costs of choosing between the transitions that leave a state.
    """

    def __init__(
        self, tree: ContextDependency, transition_model: TransitionModel, transition_scale: float = 1.0
    ) -> None:
        self._tree = tree
        self._model = transition_model
        costs = -transition_model.log_probs_ignoring_self_loops * np.float32(transition_scale)
        self._costs: list[float] = np.where(costs == 0, np.float32(0), costs).tolist()  # no negative zeros
        self._hmm_of_window = lru_cache(maxsize=2**18)(self._find_hmm)
        self._arcs_of_hmm: dict[_Hmm, list[_Arc]] = {}

    def build(self, windows: Sequence[Sequence[int]]) -> HTransducer:
        """Make H for the windows that ``compose_context`` returns.

        Args:
            windows: for each label of the context transducer, a window of phones (0 beyond the ends of an utterance)
                or a disambiguation symbol, written as one negated phone (or one 0, at the beginning). Label 0 is
                epsilon.

        Raises:
            MismatchError: the tree or the model does not cover a window.
        """
        draft = _HDraft()
        for label, window in enumerate(windows[1:], start=1):
            if len(window) == 1 and window[0] <= 0:
                draft.add_disambiguation(label, self._model.num_transition_ids)
            else:
                hmm = self._hmm_of_window(tuple(window))
                draft.add_phone(label, hmm, self._arcs_of(hmm))
        return draft.finish()

    def _find_hmm(self, window: tuple[int, ...]) -> _Hmm:
        phone = window[self._tree.central_position]
        num_classes = self._model.topology.num_pdf_classes(phone)
        return (phone, *(self._tree.pdf_id(window, pdf_class) for pdf_class in range(num_classes)))

    def _arcs_of(self, hmm: _Hmm) -> list[_Arc]:
        """Arcs of an HMM without self-loops (``GetHmmAsFst``).

        The first arc enters the HMM from state 0. The arcs that leave it return to state 0.
        """
        if hmm not in self._arcs_of_hmm:
            self._arcs_of_hmm[hmm] = self._make_arcs(hmm)
        return self._arcs_of_hmm[hmm]

    def _make_arcs(self, hmm: _Hmm) -> list[_Arc]:
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
        return [*arcs, (last, EPSILON, EPSILON, 0.0, 0)]

    def _state_arcs(self, phone: int, number: int, state: HmmState, pdfs: Sequence[int]) -> Iterable[_Arc]:
        """Arcs from HMM state ``number`` to other states, all numbered from 1 instead of 0."""
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


class _HDraft:
    """H under construction."""

    def __init__(self) -> None:
        self._arcs: list[_Arc] = []
        self._disambig: list[int] = []
        self._entry_of_hmm: dict[_Hmm, _Arc] = {}
        self._num_states = 1

    def add_disambiguation(self, label: int, num_transition_ids: int) -> None:
        """Add a path for a disambiguation symbol; its input label follows the transition-ids."""
        symbol = num_transition_ids + 1 + len(self._disambig)
        self._disambig.append(symbol)
        self._arcs += [
            (LOOP_STATE, symbol, label, 0.0, self._num_states),
            (self._num_states, EPSILON, EPSILON, 0.0, LOOP_STATE),
        ]
        self._num_states += 1

    def add_phone(self, label: int, hmm: _Hmm, arcs: Sequence[_Arc]) -> None:
        """Add a phone in context. Phones with the same HMM share its states and differ in the arc that enters it."""
        if hmm not in self._entry_of_hmm:
            shift = self._num_states - 1  # state 0 of an HMM is the loop state of H
            self._entry_of_hmm[hmm] = (LOOP_STATE, *arcs[0][1:4], arcs[0][4] + shift)
            self._arcs += [
                (source + shift, tid, EPSILON, cost, target + shift if target else LOOP_STATE)
                for source, tid, _, cost, target in arcs[1:]
            ]
            self._num_states += max(arc[0] for arc in arcs)
        source, tid, _, cost, target = self._entry_of_hmm[hmm]
        self._arcs.append((source, tid, label, cost, target))

    def finish(self) -> HTransducer:
        """The transducer of everything that was added."""
        final = np.full(self._num_states, np.inf)
        final[LOOP_STATE] = 0.0
        columns = zip(*self._arcs, strict=True) if self._arcs else ((),) * 5
        return HTransducer(
            Fst.from_arcs(LOOP_STATE, final, *[np.array(column) for column in columns]),
            np.array(self._disambig, dtype=np.int32),
        )


def remove_input_symbols(fst: Fst, symbols: IntArray) -> Fst:
    """Replace these input labels by epsilon (``fstrmsymbols``)."""
    return replace(fst, ilabel=np.where(np.isin(fst.ilabel, symbols), np.int32(EPSILON), fst.ilabel))


def transition_costs(
    transition_model: TransitionModel, *, transition_scale: float, self_loop_scale: float
) -> FloatArray:
    """The scaled cost of every transition-id; element 0 is 0 (``GetScaledTransitionLogProb``)."""
    log_probs = transition_model.log_probs
    if transition_scale == self_loop_scale:
        costs = -log_probs * np.float32(transition_scale)
    else:
        is_loop = np.zeros(len(log_probs), dtype=bool)
        is_loop[1:] = transition_model.is_self_loop(np.arange(1, len(log_probs)))
        staying_or_leaving = np.where(is_loop, log_probs, transition_model.non_self_loop_log_probs)
        choosing = np.where(is_loop, np.float32(0), transition_model.log_probs_ignoring_self_loops)
        costs = -(np.float32(self_loop_scale) * staying_or_leaving + np.float32(transition_scale) * choosing)
    costs = costs.astype(np.float32)
    costs[0] = 0.0
    return costs


def add_transition_costs(
    fst: Fst, transition_model: TransitionModel, *, transition_scale: float = 1.0, self_loop_scale: float = 0.1
) -> Fst:
    """Return the graph with the scaled costs of its transition-ids added (``AddTransitionProbs``).

    Args:
        fst: a graph with self-loops that was compiled without transition costs.
        transition_model: the latest estimate, for the tree of the graph.
        transition_scale: scale of the costs of choosing between the transitions that leave a state.
        self_loop_scale: scale of the costs of staying in a state and of leaving it.

    Raises:
        MismatchError: a label is not a transition-id of the model.
    """
    check_transition_ids(fst, transition_model)
    costs = transition_costs(transition_model, transition_scale=transition_scale, self_loop_scale=self_loop_scale)
    return replace(fst, weight=fst.weight + costs[fst.ilabel])


def check_transition_ids(fst: Fst, transition_model: TransitionModel) -> None:
    """Raise :class:`MismatchError` if an input label of the graph is not a transition-id of the model."""
    highest = int(fst.ilabel.max(initial=0))
    if highest > transition_model.num_transition_ids:
        raise MismatchError(
            f"the graph has transition-id {highest}, the model has {transition_model.num_transition_ids}",
            fix="use a graph that was made from this model",
        )
