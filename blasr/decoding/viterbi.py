"""Forced alignment: the best path of an utterance through its own small training graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from blasr.decoding.cutoff import beam_cutoff
from blasr.errors import DataError, MismatchError
from blasr.io.fst import Fst
from blasr.jit import grown, jit, jit_inline
from blasr.units import AnyArray, FloatArray, IntArray

_ALIGNED, _NO_FINAL_STATE, _NOT_FINITE, _NEGATIVE_CYCLE = range(4)
_BEAM_DELTA: Final = 0.5
_UNLIMITED: Final = 1 << 62
TOKEN: Final = np.dtype([("arc", np.int32), ("previous", np.int32)])
"""A token: the arc into its state, -1 for the start, and the token before."""


class _Graph(NamedTuple):
    """A graph of S states and A arcs; ``pdf`` is the column of log-likelihoods of each arc, -1 for epsilon arcs."""

    start: int
    offsets: AnyArray
    ilabel: IntArray
    pdf: IntArray
    nextstate: IntArray
    weight: FloatArray
    final: FloatArray


class _Front(NamedTuple):
    """The active states at a frame.

    Attributes:
        cost: ``(S,)``, the cost of the best path into each state; inf if there is none.
        token: ``(S,)``, the token of each state; -1 if there is none.
        active: ``(S,)``; the first ``size[0]`` entries are the active states.
        size: ``(1,)``, the number of active states.
    """

    cost: AnyArray
    token: IntArray
    active: IntArray
    size: AnyArray


class _Tokens(NamedTuple):
    """All tokens of an utterance; ``used[0]`` of the records are in use."""

    records: AnyArray
    used: AnyArray


@dataclass(frozen=True, slots=True)
class ForcedAlignment:
    """The best path of one utterance.

    Attributes:
        transition_ids: ``(T,)``, one per frame, from 1.
        cost: the sum of graph costs, final cost and scaled acoustic costs.
        retried: whether only the wider retry beam reached a final state.
    """

    transition_ids: IntArray
    cost: float
    retried: bool


def force_align(
    graph: Fst,
    loglikes: FloatArray,
    tid_to_pdf: IntArray,
    *,
    acoustic_scale: float = 0.1,
    beam: float = 10.0,
    retry_beam: float = 40.0,
    min_active: int = 20,
) -> ForcedAlignment | None:
    """Align an utterance to the graph of its transcript, as Kaldi's ``gmm-align-compiled`` does.

    See ``AlignUtteranceWrapper`` in decoder/decoder-wrappers.cc and decoder/faster-decoder.cc.

    Args:
        graph: transition-ids on the input side (0 is epsilon) with every cost on the arcs.
        loglikes: ``(T, num_pdfs)`` log-likelihoods, unscaled.
        tid_to_pdf: the pdf-id of every transition-id; entry 0 is unused.
        acoustic_scale: the factor of the log-likelihoods.
        beam: paths that are this much worse than the best of the frame are dropped.
        retry_beam: the beam of a second attempt if the first reaches no final state; 0 for none.
        min_active: the beam widens until this many states stay active (20 in Kaldi's ``FasterDecoder``).

    Returns:
        The alignment, or None if neither beam reaches a final state at the last frame.

    Raises:
        MismatchError: the model lacks transition-ids of the graph, or the log-likelihoods lack pdf-ids of the model.
        DataError: a log-likelihood that is needed is infinite or not a number, or the graph has a cycle of epsilon
            arcs with a negative sum of costs.
    """
    scores = np.ascontiguousarray(loglikes, dtype=np.float32)
    prepared = _prepare(graph, np.asarray(tid_to_pdf, np.int32), scores.shape[1])
    if graph.start < 0 or not graph.num_states:
        return None
    for attempt, width in enumerate((beam, retry_beam)):
        if attempt and retry_beam <= beam:
            break
        # Given integers instead of floats, numba would compile the search again.
        outcome, cost, transition_ids = _align(prepared, scores, float(acoustic_scale), float(width), min_active)
        if outcome == _ALIGNED:
            return ForcedAlignment(transition_ids, cost, attempt > 0)
        if outcome == _NOT_FINITE:
            raise DataError("a log-likelihood is not finite", fix="check the model that computed them")
        if outcome == _NEGATIVE_CYCLE:
            raise DataError(
                "the graph has a cycle of epsilon arcs with a negative cost", fix="check the grammar's weights"
            )
    return None


def _prepare(graph: Fst, tid_to_pdf: IntArray, num_columns: int) -> _Graph:
    """Look up the column of every arc; refuse labels that the model or the log-likelihoods lack."""
    labels = graph.ilabel
    known = (labels >= 0) & (labels < len(tid_to_pdf))
    pdf = np.where(known & (labels > 0), tid_to_pdf[np.where(known, labels, 0)], -1).astype(np.int32)
    wrong = ~known | ((labels > 0) & ((pdf < 0) | (pdf >= num_columns)))
    if graph.start >= 0 and wrong.any():
        raise MismatchError(
            f"the graph's largest transition-id is {int(labels.max())}, the model has {len(tid_to_pdf) - 1} "
            f"transition-ids and {int(tid_to_pdf.max()) + 1} pdfs, the log-likelihoods have {num_columns} columns",
            fix="make the graph, the model and the log-likelihoods from the same tree",
        )
    return _Graph(graph.start, graph.offsets, labels, pdf, graph.nextstate, graph.weight, graph.final)


@jit
def _align(
    graph: _Graph, loglikes: FloatArray, acoustic_scale: float, beam: float, min_active: int
) -> tuple[int, float, IntArray]:
    """Pass tokens over the active states at each frame; return the outcome, the cost and the transition-ids.

    A token that an epsilon arc improves is changed in place, so that its successors at the same frame stay correct.
    """
    num_states = len(graph.final)
    nothing = np.empty(0, np.int32)
    tokens = _Tokens(np.empty(1024, TOKEN), np.zeros(1, np.int64))
    front, following = _new_front(num_states), _new_front(num_states)
    queue = np.empty(num_states, np.int32)
    queued = np.zeros(num_states, np.bool_)
    tokens = _reach(tokens, front, graph.start, 0.0, -1, -1)
    cutoff = np.inf
    for frame in range(len(loglikes)):
        tokens, settled = _follow_epsilons(graph, tokens, front, queue, queued, cutoff)
        if not settled:
            return _NEGATIVE_CYCLE, np.inf, nothing
        costs = front.cost[front.active[: front.size[0]]]
        limits = beam_cutoff(costs, beam, min_active, _UNLIMITED, _BEAM_DELTA)
        tokens, cutoff = _follow_labels(graph, tokens, front, following, loglikes[frame], acoustic_scale, limits)
        if np.isnan(cutoff):
            return _NOT_FINITE, np.inf, nothing
        _clear(front)
        front, following = following, front
        if front.size[0] == 0:
            return _NO_FINAL_STATE, np.inf, nothing
    tokens, settled = _follow_epsilons(graph, tokens, front, queue, queued, cutoff)
    if not settled:
        return _NEGATIVE_CYCLE, np.inf, nothing
    best_cost, last = np.inf, -1
    for state in front.active[: front.size[0]]:
        total = front.cost[state] + graph.final[state]
        if total < best_cost:
            best_cost, last = total, front.token[state]
    if last < 0:
        return _NO_FINAL_STATE, np.inf, nothing
    return _ALIGNED, best_cost, _trace(graph, tokens.records, last, len(loglikes))


@jit
def _new_front(num_states: int) -> _Front:
    return _Front(
        np.full(num_states, np.inf),
        np.full(num_states, -1, np.int32),
        np.empty(num_states, np.int32),
        np.zeros(1, np.int64),
    )


@jit
def _clear(front: _Front) -> None:
    for state in front.active[: front.size[0]]:
        front.cost[state] = np.inf
        front.token[state] = -1
    front.size[0] = 0


@jit_inline
def _reach(tokens: _Tokens, front: _Front, state: int, cost: float, arc: int, previous: int) -> _Tokens:
    """Set the token of a state and make the state active; return all tokens."""
    records, used = tokens
    if front.token[state] < 0:
        if used[0] == len(records):
            records = grown(records, used[0] + 1)
        front.token[state] = used[0]
        used[0] += 1
        front.active[front.size[0]] = state
        front.size[0] += 1
    front.cost[state] = cost
    token = records[front.token[state]]
    token.arc, token.previous = arc, previous
    return _Tokens(records, used)


@jit
def _follow_epsilons(
    graph: _Graph, tokens: _Tokens, front: _Front, queue: IntArray, queued: AnyArray, cutoff: float
) -> tuple[_Tokens, bool]:
    """Pass tokens over epsilon arcs within a frame; return all tokens, and whether the costs converged.

    They never converge if a cycle of epsilon arcs has a negative cost. ``queue`` is a ring buffer. Each state is in it
    at most once; ``queued`` marks the states in it.
    """
    num_states = len(graph.final)
    head, waiting, visits = 0, front.size[0], 0
    for index in range(waiting):
        queue[index] = front.active[index]
        queued[front.active[index]] = True
    while waiting > 0:
        visits += 1
        if visits > num_states * num_states:
            return tokens, False
        state = queue[head]
        head = (head + 1) % num_states
        waiting -= 1
        queued[state] = False
        if front.cost[state] > cutoff:
            continue
        for arc in range(graph.offsets[state], graph.offsets[state + 1]):
            if graph.pdf[arc] >= 0:
                continue
            target = graph.nextstate[arc]
            new = front.cost[state] + graph.weight[arc]
            if new >= front.cost[target] or new > cutoff:
                continue
            tokens = _reach(tokens, front, target, new, arc, front.token[state])
            if not queued[target]:
                queue[(head + waiting) % num_states] = target
                queued[target] = True
                waiting += 1
    return tokens, True


@jit
def _follow_labels(
    graph: _Graph,
    tokens: _Tokens,
    front: _Front,
    following: _Front,
    loglikes: FloatArray,
    acoustic_scale: float,
    limits: tuple[float, float],
) -> tuple[_Tokens, float]:
    """Pass tokens to the next frame; return all tokens and the next cutoff, NaN if a log-likelihood is not finite.

    ``limits`` has the highest cost that survives and the beam of the next frame.
    """
    cutoff, adaptive_beam = limits
    next_cutoff = np.inf
    for state in front.active[: front.size[0]]:
        if front.cost[state] > cutoff:
            continue
        for arc in range(graph.offsets[state], graph.offsets[state + 1]):
            if graph.pdf[arc] < 0:
                continue
            loglike = loglikes[graph.pdf[arc]]
            if not np.isfinite(loglike):
                return tokens, np.nan
            target = graph.nextstate[arc]
            new = front.cost[state] + graph.weight[arc] - acoustic_scale * loglike
            if new >= following.cost[target] or new > next_cutoff:
                continue
            next_cutoff = min(next_cutoff, new + adaptive_beam)
            tokens = _reach(tokens, following, target, new, arc, front.token[state])
    return tokens, next_cutoff


@jit
def _trace(graph: _Graph, tokens: AnyArray, last: int, num_frames: int) -> IntArray:
    """Return the transition-ids of the path to a token."""
    transition_ids = np.empty(num_frames, np.int32)
    frame = num_frames
    while tokens[last].arc >= 0:
        label = graph.ilabel[tokens[last].arc]
        if label > 0:
            frame -= 1
            transition_ids[frame] = label
        last = tokens[last].previous
    return transition_ids
