"""Forced alignment: the best path of an utterance through its own small training graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from blasr.errors import DataError, MismatchError
from blasr.io.fst import Fst
from blasr.jit import jit
from blasr.units import AnyArray, FloatArray, IntArray

_ALIGNED, _NO_FINAL_STATE, _NOT_FINITE, _UNKNOWN_LABEL, _NEGATIVE_CYCLE = range(5)
_BEAM_DELTA = 0.5


@dataclass(frozen=True, slots=True)
class ForcedAlignment:
    """The best path of one utterance.

    Attributes:
        transition_ids: ``(T,)``, one per frame, from 1.
        cost: graph costs, final cost and scaled acoustic costs, summed.
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
    """Align an utterance to a graph of its transcript, as Kaldi's ``gmm-align-compiled`` does
    (``AlignUtteranceWrapper`` in decoder/decoder-wrappers.cc, over decoder/faster-decoder.cc).

    Args:
        graph: transition-ids on the input side (0 is epsilon) with every cost on the arcs.
        loglikes: ``(T, num_pdfs)`` log-likelihoods, unscaled.
        tid_to_pdf: the pdf-id of every transition-id; entry 0 is unused.
        acoustic_scale: what the log-likelihoods are multiplied by.
        beam: a path this much worse than the frame's best is dropped.
        retry_beam: the beam of a second attempt where the first reaches no final state; 0 for none.
        min_active: the beam widens until so many states stay alive (Kaldi's ``FasterDecoder`` has 20).

    Returns:
        The alignment, or None where neither beam reaches a final state at the last frame.

    Raises:
        MismatchError: the graph has transition-ids, or the model pdf-ids, that the other side lacks.
        DataError: a log-likelihood on the way is not a number or infinite, or the graph has a cycle of epsilon
            arcs whose costs add up to less than 0.
    """
    scores = np.ascontiguousarray(loglikes, dtype=np.float32)
    pdfs = np.ascontiguousarray(tid_to_pdf, dtype=np.int32)
    for attempt, width in enumerate((beam, retry_beam)):
        if attempt and retry_beam <= beam:
            break
        outcome, cost, transition_ids = _align(
            graph.start,
            graph.offsets,
            graph.ilabel,
            graph.nextstate,
            graph.weight,
            graph.final,
            scores,
            pdfs,
            float(acoustic_scale),  # of an integer, numba would compile a search of its own
            float(width),
            min_active,
        )
        if outcome == _ALIGNED:
            return ForcedAlignment(transition_ids, cost, attempt > 0)
        if outcome == _NOT_FINITE:
            raise DataError(
                "the log-likelihoods hold a value that is not finite", fix="look at the model that made them"
            )
        if outcome == _NEGATIVE_CYCLE:
            raise DataError(
                "the graph has a cycle of epsilon arcs with a negative cost", fix="check the grammar's weights"
            )
        if outcome == _UNKNOWN_LABEL:
            raise MismatchError(
                f"the graph's largest transition-id is {int(graph.ilabel.max())}, the model has {len(pdfs) - 1} "
                f"transition-ids and {int(pdfs.max()) + 1} pdfs, the log-likelihoods have {scores.shape[1]} columns",
                fix="make the graph, the model and the log-likelihoods from the same tree",
            )
    return None


@jit
def _grown(array: AnyArray, size: int) -> AnyArray:
    """A copy of at least twice the length once ``size`` items no longer fit."""
    if size < len(array):
        return array
    larger = np.empty(max(2 * len(array), size + 1), array.dtype)
    larger[: len(array)] = array
    return larger


@jit
def _cutoff(cost: AnyArray, active: IntArray, beam: float, min_active: int) -> tuple[float, float]:
    """``GetCutoff``: the highest cost to go on from, and the beam of the next frame."""
    if len(active) <= min_active:
        return np.inf, np.inf
    best = np.inf
    for state in active:
        best = min(best, cost[state])
    within = 0
    for state in active:
        within += cost[state] <= best + beam
    if within > min_active:
        return best + beam, beam
    cutoff = np.partition(cost[active], min_active)[min_active]
    return cutoff, cutoff - best + _BEAM_DELTA


@jit
def _align(
    start: int,
    offsets: AnyArray,
    ilabel: IntArray,
    nextstate: IntArray,
    weight: FloatArray,
    final: FloatArray,
    loglikes: FloatArray,
    tid_to_pdf: IntArray,
    acoustic_scale: float,
    beam: float,
    min_active: int,
) -> tuple[int, float, IntArray]:
    """Token passing over the states alive at each frame. A token knows its state's arc in and its predecessor;
    one that an epsilon arc improves is mended in place, so its successors at the same frame stay right.
    """
    num_frames, num_pdfs = loglikes.shape
    num_states = len(final)
    nothing = np.empty(0, np.int32)
    if num_states == 0 or start < 0:
        return _NO_FINAL_STATE, np.inf, nothing
    for label in ilabel:
        if label >= len(tid_to_pdf) or label < 0 or (label > 0 and not 0 <= tid_to_pdf[label] < num_pdfs):
            return _UNKNOWN_LABEL, np.inf, nothing

    token_arc = np.empty(1024, np.int32)
    token_previous = np.empty(1024, np.int32)
    cost = np.full(num_states, np.inf)  # of the best path into each state at this frame
    next_cost = np.full(num_states, np.inf)
    token = np.full(num_states, -1, np.int32)
    next_token = np.full(num_states, -1, np.int32)
    active = np.empty(num_states, np.int32)
    next_active = np.empty(num_states, np.int32)
    queue = np.empty(num_states, np.int32)  # a ring: every state stands in it once at most
    queued = np.zeros(num_states, np.bool_)

    token_arc[0], token_previous[0] = -1, -1
    num_tokens = 1
    cost[start], token[start] = 0.0, 0
    active[0] = start
    num_active = 1
    cutoff = np.inf
    for frame in range(num_frames + 1):
        # Epsilon arcs, within the frame. A cycle of them with a negative cost would go on for ever.
        head, waiting, visits = 0, 0, 0
        for index in range(num_active):
            queue[index] = active[index]
            queued[active[index]] = True
            waiting += 1
        while waiting > 0:
            visits += 1
            if visits > num_states * num_states:
                return _NEGATIVE_CYCLE, np.inf, nothing
            state = queue[head]
            head = (head + 1) % num_states
            waiting -= 1
            queued[state] = False
            if cost[state] > cutoff:
                continue
            for arc in range(offsets[state], offsets[state + 1]):
                if ilabel[arc] != 0:
                    continue
                target = nextstate[arc]
                new = cost[state] + weight[arc]
                if new >= cost[target] or new > cutoff:
                    continue
                if token[target] < 0:
                    token_arc = _grown(token_arc, num_tokens)
                    token_previous = _grown(token_previous, num_tokens)
                    token[target] = num_tokens
                    num_tokens += 1
                    active[num_active] = target
                    num_active += 1
                cost[target] = new
                token_arc[token[target]] = arc
                token_previous[token[target]] = token[state]
                if not queued[target]:
                    queue[(head + waiting) % num_states] = target
                    queued[target] = True
                    waiting += 1
        if frame == num_frames:
            break

        cutoff, adaptive_beam = _cutoff(cost, active[:num_active], beam, min_active)
        next_cutoff = np.inf
        num_next = 0
        for index in range(num_active):
            state = active[index]
            if cost[state] > cutoff:
                continue
            for arc in range(offsets[state], offsets[state + 1]):
                if ilabel[arc] == 0:
                    continue
                loglike = loglikes[frame, tid_to_pdf[ilabel[arc]]]
                if not np.isfinite(loglike):
                    return _NOT_FINITE, np.inf, nothing
                target = nextstate[arc]
                new = cost[state] + weight[arc] - acoustic_scale * loglike
                if new >= next_cost[target] or new > next_cutoff:
                    continue
                next_cutoff = min(next_cutoff, new + adaptive_beam)
                if next_token[target] < 0:
                    token_arc = _grown(token_arc, num_tokens)
                    token_previous = _grown(token_previous, num_tokens)
                    next_token[target] = num_tokens
                    num_tokens += 1
                    next_active[num_next] = target
                    num_next += 1
                next_cost[target] = new
                token_arc[next_token[target]] = arc
                token_previous[next_token[target]] = token[state]
        for index in range(num_active):
            cost[active[index]] = np.inf
            token[active[index]] = -1
        cost, next_cost = next_cost, cost
        token, next_token = next_token, token
        active, next_active = next_active, active
        num_active, cutoff = num_next, next_cutoff
        if num_active == 0:
            return _NO_FINAL_STATE, np.inf, nothing

    best_cost, last = np.inf, -1
    for index in range(num_active):
        state = active[index]
        total = cost[state] + final[state]
        if total < best_cost:
            best_cost, last = total, token[state]
    if last < 0:
        return _NO_FINAL_STATE, np.inf, nothing
    transition_ids = np.empty(num_frames, np.int32)
    frame = num_frames
    while token_arc[last] >= 0:
        label = ilabel[token_arc[last]]
        if label > 0:
            frame -= 1
            transition_ids[frame] = label
        last = token_previous[last]
    return _ALIGNED, best_cost, transition_ids
