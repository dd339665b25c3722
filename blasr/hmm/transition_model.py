"""Transition-states, transition-ids and their probabilities (Kaldi's ``hmm/transition-model.h``).

Glossary, as in Kaldi:

- phone: a phone of the topology, numbered from 1.
- HMM state: a state in the topology entry of a phone, numbered from 0. The last one is final and not emitting.
- pdf-id: a pdf of the acoustic model, numbered from 0.
- transition-state: a tuple of phone, HMM state, forward pdf-id and self-loop pdf-id, numbered from 1 in sorted order.
  Except in chain models the two pdf-ids are equal.
- transition-index: the number, from 0, of a transition in the topology's list of transitions out of an HMM state.
- transition-id: a pair of transition-state and transition-index, numbered from 1 in sorted order.

Alignments and the input sides of decoding graphs consist of transition-ids.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import Final, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from blasr.errors import DataError, MismatchError
from blasr.hmm.model_part import ModelPart, checked_at
from blasr.hmm.topology import NO_PDF, Topology
from blasr.hmm.tree import ContextDependency
from blasr.io.kaldi.model_stream import Reader, Writer
from blasr.units import AnyArray, FloatArray, IntArray

T = TypeVar("T", bound=np.generic)
_SMALLEST_PROBABILITY: Final = 1e-10
"""The probability of leaving a state if its self-loop has probability 1."""


class TransitionModel(ModelPart):
    """The meaning and the probability of every transition-id.

    "By transition-id" below means an array of ``num_transition_ids + 1`` elements; element 0 is unused.

    Args:
        topology: the HMM of every phone in ``tuples``.
        tuples: the transition-states ``(S, 4)``, sorted, without duplicates; see the glossary.
        log_probs: by transition-id, natural logarithms, float32; by default the probabilities of the topology.

    Attributes:
        transition_states: by transition-id, its transition-state (from 1).
        destinations: by transition-id, the HMM state (from 0) to which it leads.
        self_loop_of: by transition-id, the self-loop of the same transition-state; 0 if there is none.
        log_probs: by transition-id, the natural logarithm of its probability, float32.
        first_transition_ids: by transition-state, its first transition-id; the last element is one past the last id.

    Raises:
        DataError: the tuples are not sorted, contradict the topology, or do not fit the probabilities.
    """

    def __init__(self, topology: Topology, tuples: AnyArray, log_probs: AnyArray | None = None) -> None:
        self.topology = topology
        self.tuples: IntArray = np.asarray(tuples, np.int32).reshape(-1, 4)
        self._check_tuples()
        transitions = [topology.entry(phone)[state].transitions for phone, state in self.tuples[:, :2].tolist()]
        counts = np.array([len(of_state) for of_state in transitions])
        self.first_transition_ids: IntArray = np.concatenate([[0, 1], 1 + np.cumsum(counts)]).astype(np.int32)
        self.transition_states = _prepend_unused(np.repeat(np.arange(1, len(counts) + 1), counts))
        self.destinations = _prepend_unused([destination for of_state in transitions for destination, _ in of_state])
        self._is_self_loop = self.destinations == self._by_state(self.tuples[:, 1])
        self._is_self_loop[0] = False
        self.self_loop_of = self._by_state(self._self_loops()[1:])
        self._pdf_ids = np.where(
            self._is_self_loop, self._by_state(self.tuples[:, 3]), self._by_state(self.tuples[:, 2])
        )
        initial = [probability for of_state in transitions for _, probability in of_state]
        self.log_probs: FloatArray = (
            np.concatenate([[0.0], np.log(np.array(initial, np.float32))]).astype(np.float32)
            if log_probs is None
            else np.array(log_probs, np.float32)
        )
        self._check_log_probs()
        self.log_probs[0] = 0.0

    def _by_state(self, values: AnyArray) -> IntArray:
        """By transition-id, the value of its transition-state, from values of the transition-states 1 to S."""
        return np.concatenate([[0], values]).astype(np.int32)[self.transition_states]

    def _self_loops(self) -> IntArray:
        """By transition-state, the transition-id of its self-loop, or 0."""
        loops = np.zeros(len(self.tuples) + 1, np.int32)
        ids = np.flatnonzero(self._is_self_loop)
        loops[self.transition_states[ids]] = ids
        return loops

    @property
    def num_transition_ids(self) -> int:
        """Number of transition-ids, which are numbered from 1."""
        return len(self.transition_states) - 1

    @property
    def num_transition_states(self) -> int:
        """Number of transition-states, which are numbered from 1."""
        return len(self.tuples)

    @cached_property
    def num_pdfs(self) -> int:
        """Number of pdfs: the largest pdf-id plus one."""
        return int(self.tuples[:, 2:].max()) + 1

    @property
    def num_phones(self) -> int:
        """The largest phone of any transition-state."""
        return int(self.tuples[:, 0].max())

    @cached_property
    def non_self_loop_log_probs(self) -> FloatArray:
        """By transition-id, the log of 1 minus the self-loop probability of its state (``GetNonSelfLoopLogProb``)."""
        loops = np.where(self.self_loop_of > 0, np.exp(self.log_probs[self.self_loop_of]), np.float32(0))
        remaining = np.float32(1) - loops.astype(np.float32)
        return np.log(np.where(remaining > 0, remaining, np.float32(_SMALLEST_PROBABILITY))).astype(np.float32)

    @cached_property
    def log_probs_ignoring_self_loops(self) -> FloatArray:
        """By transition-id, the log-probability given that the state is left.

        Not meaningful for self-loops (``GetTransitionLogProbIgnoringSelfLoops``).
        """
        return self.log_probs - self.non_self_loop_log_probs

    @property
    def tid_to_pdf(self) -> IntArray:
        """By transition-id, its pdf-id (from 0)."""
        return self._pdf_ids

    def pdf_ids(self, transition_ids: ArrayLike) -> IntArray:
        """The pdf-ids (from 0) of transition-ids, in the same shape; :class:`MismatchError` if one is out of range."""
        return self._look_up(self._pdf_ids, transition_ids)

    def phones(self, transition_ids: ArrayLike) -> IntArray:
        """The phones (from 1) of transition-ids; :class:`MismatchError` if one is out of range."""
        return self._look_up(self._by_state(self.tuples[:, 0]), transition_ids)

    def hmm_states(self, transition_ids: ArrayLike) -> IntArray:
        """The HMM states (from 0) from which transition-ids lead; :class:`MismatchError` if one is out of range."""
        return self._look_up(self._by_state(self.tuples[:, 1]), transition_ids)

    def is_self_loop(self, transition_ids: ArrayLike) -> AnyArray:
        """Whether transition-ids stay in their state, as booleans; :class:`MismatchError` if one is out of range."""
        return self._look_up(self._is_self_loop, transition_ids)

    def is_final(self, transition_ids: ArrayLike) -> AnyArray:
        """Whether transition-ids end their phone, as booleans; :class:`MismatchError` if one is out of range."""
        return self._look_up(self._is_final, transition_ids)

    @cached_property
    def _is_final(self) -> AnyArray:
        sizes = [len(self.topology.entry(phone)) for phone in self.tuples[:, 0].tolist()]
        return np.asarray(self.destinations == self._by_state(np.array(sizes) - 1))

    def _look_up(self, values: NDArray[T], transition_ids: ArrayLike) -> NDArray[T]:
        ids = np.asarray(transition_ids)
        if not ids.size:
            return np.empty(ids.shape, values.dtype)
        if not 1 <= (lowest := ids.min()) <= (highest := ids.max()) <= self.num_transition_ids:
            wrong = lowest if lowest < 1 else highest
            raise MismatchError(
                f"{wrong} is not a transition-id of the model, which has 1 to {self.num_transition_ids}",
                fix="use the alignments, graph and final.mdl of one alignment directory",
            )
        return np.asarray(values[ids])

    @cached_property
    def _state_of_tuple(self) -> Mapping[tuple[int, ...], int]:
        return {tuple(row): state for state, row in enumerate(self.tuples.tolist(), start=1)}

    def transition_state(self, phone: int, hmm_state: int, forward_pdf: int, self_loop_pdf: int | None = None) -> int:
        """The transition-state (from 1) of a tuple; :class:`MismatchError` if the model has no such tuple.

        ``self_loop_pdf`` equals ``forward_pdf`` by default.
        """
        row = (phone, hmm_state, forward_pdf, forward_pdf if self_loop_pdf is None else self_loop_pdf)
        try:
            return self._state_of_tuple[row]
        except KeyError:
            raise MismatchError(
                f"the model has no transition-state of phone {row[0]}, HMM state {row[1]} and pdfs {row[2]}, {row[3]}",
                fix="use the tree and final.mdl of one alignment directory",
            ) from None

    @classmethod
    def from_tree(cls, tree: ContextDependency, topology: Topology) -> Self:
        """The model with every tuple that the tree can produce and the topology's probabilities (``ComputeTuples``).

        Raises:
            MismatchError: the tree has no pdf for a pdf-class of a phone of the topology.
        """
        tuples: set[tuple[int, int, int, int]] = set()
        for phone in topology.phones:
            for number, state in enumerate(topology.entry(phone)):
                forward, self_loop = state.forward_pdf_class, state.self_loop_pdf_class
                if forward == NO_PDF:
                    continue
                if topology.is_hmm:
                    pairs = {(pdf, pdf) for pdf in tree.pdfs_of(phone, forward)}
                else:
                    pairs = tree.pdf_pairs_of(phone, forward, self_loop, topology.phones)
                if not pairs:
                    raise MismatchError(
                        f"the tree has no pdf for pdf-class {forward} of phone {phone} of the topology",
                        fix="use the tree and the lang directory of one alignment directory",
                    )
                tuples |= {(phone, number, *pair) for pair in pairs}
        return cls(topology, np.array(sorted(tuples), np.int32))

    def estimate(self, counts: ArrayLike, *, floor: float = 0.01, mincount: float = 5.0) -> Self:
        """A new model with maximum-likelihood probabilities (``MleUpdate``); this one does not change.

        Args:
            counts: by transition-id, how often it occurred.
            floor: the smallest probability of a transition.
            mincount: a transition-state that occurred less often keeps its probabilities.

        Raises:
            MismatchError: the number of counts is not ``num_transition_ids + 1``.
            DataError: a count is negative or not finite.
        """
        taken = np.asarray(counts, np.float64)
        if taken.shape != self.log_probs.shape:
            raise MismatchError(f"expected {self.num_transition_ids + 1} transition counts, found {taken.shape}")
        if not np.all(np.isfinite(taken)) or np.any(taken < 0):
            raise DataError("a transition count is negative or not finite")
        states, size = self.transition_states, self.num_transition_states + 1
        totals = np.bincount(states, taken, size)[states]
        updated = (np.bincount(states, minlength=size)[states] > 1) & (totals >= mincount)
        updated[0] = False
        probs = np.divide(taken, totals, out=np.ones_like(taken), where=totals > 0)
        for _ in range(3):  # flooring changes the sum and normalizing breaks the floor: three rounds, as in Kaldi
            probs /= np.bincount(states, probs, size)[states]
            probs = np.maximum(probs, floor)
        with np.errstate(divide="ignore"):
            log_probs = np.where(updated, np.log(probs).astype(np.float32), self.log_probs)
        return type(self)(self.topology, self.tuples, log_probs)

    def _check_tuples(self) -> None:
        if len(self.tuples) == 0:
            raise DataError("the transition model has no transition-states")
        order = np.lexsort(self.tuples.T[::-1])
        if np.any(order != np.arange(len(order))) or np.any(np.all(np.diff(self.tuples, axis=0) == 0, axis=1)):
            raise DataError("the tuples of the transition model are not sorted, or one appears twice")
        if np.any(self.tuples[:, 2] < 0) or np.any(self.tuples[:, 3] < NO_PDF):
            raise DataError("a pdf-id of the transition model is negative")
        for phone, state in self.tuples[:, :2].tolist():
            if not 0 <= state < len(self.topology.entry(phone)) - 1:
                raise DataError(
                    f"the transition model uses state {state} of phone {phone}, which is not an emitting state"
                )

    def _check_log_probs(self) -> None:
        if self.log_probs.shape != (self.num_transition_ids + 1,):
            found = f"{len(self.log_probs) - 1} probabilities"
            raise DataError(f"expected {self.num_transition_ids} transition probabilities, found {found}")
        wrong = ~np.isfinite(self.log_probs[1:]) | (self.log_probs[1:] > 0)
        if np.any(wrong):
            first = int(np.argmax(wrong)) + 1
            raise DataError(f"transition-id {first} has the log-probability {self.log_probs[first]}")

    @classmethod
    def read_from(cls, reader: Reader) -> Self:
        """Read the model at the reader's position; :class:`FormatError` if there is none."""
        reader.expect("<TransitionModel>")
        topology = Topology.read_from(reader)
        columns = 4 if reader.expect("<Tuples>", "<Triples>") == "<Tuples>" else 3
        tuples = reader.int_rows(reader.int32("the number of transition-states"), columns, "transition-states")
        if columns == 3:
            tuples = np.concatenate([tuples, tuples[:, 2:]], axis=1)
        reader.expect("</Tuples>", "</Triples>")
        reader.expect("<LogProbs>")
        with np.errstate(all="ignore"):  # numbers of a corrupt file may overflow; the constructor checks them
            log_probs = reader.float_vector("the transition probabilities").astype(np.float32)
        reader.expect("</LogProbs>")
        reader.expect("</TransitionModel>")
        with checked_at(reader):
            return cls(topology, tuples, log_probs)

    def write_to(self, writer: Writer) -> None:
        """Write the model at the writer's position, byte for byte as Kaldi does."""
        name = "Triples" if self.topology.is_hmm else "Tuples"
        writer.token("<TransitionModel>")
        writer.newline()
        self.topology.write_to(writer)
        writer.token(f"<{name}>")
        writer.int32(len(self.tuples))
        writer.newline()
        writer.int_rows(self.tuples[:, :3] if self.topology.is_hmm else self.tuples)
        writer.token(f"</{name}>")
        writer.newline()
        writer.token("<LogProbs>")
        writer.newline()
        writer.float_vector(self.log_probs)
        writer.token("</LogProbs>")
        writer.newline()
        writer.token("</TransitionModel>")
        writer.newline()


def _prepend_unused(values: ArrayLike) -> IntArray:
    """The values with an unused element 0 in front."""
    return np.concatenate([[0], np.asarray(values)]).astype(np.int32)


def read_transition_model(path: str | os.PathLike[str]) -> TransitionModel:
    """Read the transition model of a ``final.mdl``, binary or text; an acoustic model that follows it is not read.

    Raises:
        FormatError: the file is truncated, corrupt or of another kind.
    """
    return TransitionModel.read(path)
