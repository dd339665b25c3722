"""Token passing over a decoding graph: the emitting arcs of a frame, then its epsilon arcs.

The algorithm of ``LatticeFasterDecoderTpl`` (Kaldi's decoder/lattice-faster-decoder.cc), in numba. Costs are float64,
so Kaldi's offsets of costs by frame are not needed. With an exchange of language models, tokens with the same state
of the graph and different states of the models are distinct, and the cost of every word is changed
(``LatticeBiglmFasterDecoder``). Beams then apply to costs with the look-ahead (:mod:`blasr.decoding.look_ahead`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from blasr.decoding.config import SearchBeams
from blasr.decoding.cutoff import beam_cutoff
from blasr.decoding.emitting_arcs import Survivors, pass_exchanging_tokens, pass_tokens
from blasr.decoding.epsilon_arcs import process_nonemitting
from blasr.decoding.look_ahead import Exchange, ahead_of
from blasr.decoding.search_graph import SearchGraph
from blasr.decoding.token_store import (
    FrameTokens,
    Trellis,
    empty_table,
    expected_cost,
    new_store,
    reserve,
    table_of_list,
    take_token,
)
from blasr.jit import jit
from blasr.lm.backoff_grammar import exchange_word
from blasr.units import AnyArray, FloatArray, IntArray


@jit
def start_tokens(
    graph: SearchGraph, exchange: Exchange | None, tokens: AnyArray, frames: FrameTokens, beam: float
) -> Trellis:
    """``InitDecoding``: return the tokens before the first frame; they are stored in ``tokens``."""
    store = new_store(tokens)
    first = take_token(store.tokens, store.heads, graph.start, 0.0, -1, -1)
    frames.first[0] = first
    if exchange is None:
        table = np.full(len(graph.final), -1, np.int32)
        table[graph.start] = first
    else:
        table = np.full(4096, -1, np.int32)
        new, word_class = exchange.new.start, exchange.state_class[graph.start]
        token = store.tokens[first]
        token.old, token.new, token.word_class = exchange.old.start, new, word_class
        token.ahead = ahead_of(exchange, word_class, new)
        table = table_of_list(table, store.tokens, first, 1)
    active = np.full(1, first, np.int32)
    return process_nonemitting(graph, exchange, Trellis(store, table, frames, active), 0, beam)


@jit
def advance(
    graph: SearchGraph,
    exchange: Exchange | None,
    trellis: Trellis,
    frame: int,
    loglikes: FloatArray,
    beams: SearchBeams,
) -> Trellis:
    """Search one frame; after a dead end of the graph no token is left."""
    scores = np.empty(loglikes.shape[1], np.float32)
    for pdf in range(len(scores)):
        scores[pdf] = beams.acoustic_scale * loglikes[frame, pdf]
    trellis, cutoff = process_emitting(graph, exchange, trellis, frame, scores, beams)
    if trellis.frames.first[frame + 1] >= 0:
        trellis = process_nonemitting(graph, exchange, trellis, frame + 1, cutoff)
    return trellis


@jit
def _cutoff(
    exchange: Exchange | None, tokens: AnyArray, active: IntArray, beams: SearchBeams
) -> tuple[AnyArray, float, float, int]:
    """Return the costs of the tokens, the highest that survives, the beam of the next frame, and the best token."""
    costs = np.empty(len(active), np.float64)
    best = len(active) - 1
    for position in range(len(active) - 1, -1, -1):
        costs[position] = expected_cost(exchange, tokens, active[position])
        if costs[position] < costs[best]:
            best = position
    cutoff, beam = beam_cutoff(costs, beams.beam, beams.min_active, beams.max_active, beams.beam_delta)
    return costs, cutoff, beam, active[best]


@jit
def process_emitting(
    graph: SearchGraph,
    exchange: Exchange | None,
    trellis: Trellis,
    frame: int,
    scores: FloatArray,
    beams: SearchBeams,
) -> tuple[Trellis, float]:
    """``ProcessEmitting``: pass the tokens of ``frame`` over their emitting arcs to those of ``frame + 1``.

    ``scores`` are the scaled log-likelihoods of the frame. Returns the cutoff for epsilon arcs as well.
    """
    costs, cutoff, adaptive_beam, best = _cutoff(exchange, trellis.store.tokens, trellis.active, beams)
    next_cutoff = _first_cutoff(graph, exchange, trellis.store.tokens, best, scores) + adaptive_beam
    trellis, num_arcs = _make_room(graph, exchange, trellis, costs, cutoff)
    store, table, frames, active = trellis
    created = np.empty(num_arcs, np.int32)
    survivors = Survivors(active, costs, cutoff, next_cutoff, adaptive_beam)
    if exchange is None:
        num_created, next_cutoff = pass_tokens(graph, store, table, survivors, scores, created)
    else:
        num_created, next_cutoff = pass_exchanging_tokens(graph, exchange, store, table, survivors, scores, created)
    frames.first[frame + 1] = created[num_created - 1] if num_created > 0 else -1
    return Trellis(store, table, frames, created[:num_created]), next_cutoff


@jit
def _first_cutoff(
    graph: SearchGraph, exchange: Exchange | None, tokens: AnyArray, best: int, scores: FloatArray
) -> float:
    """Return the lowest cost that the best token has in the next frame."""
    lowest = np.inf
    state = tokens[best].state
    for arc in range(graph.states[state].emitting, graph.states[state + 1].begin):
        taken = graph.arcs[arc]
        cost = tokens[best].cost + taken.weight - scores[taken.pdf]
        if exchange is not None:
            new: Any = np.int64(tokens[best].new)
            if taken.olabel > 0:
                added, _, new = exchange_word(exchange, tokens[best].old, new, exchange.order[taken.olabel])
                cost += added
            cost += ahead_of(exchange, exchange.state_class[taken.nextstate], new)
        lowest = min(lowest, cost)
    return lowest


@jit
def _make_room(
    graph: SearchGraph, exchange: Exchange | None, trellis: Trellis, costs: AnyArray, cutoff: float
) -> tuple[Trellis, int]:
    """Return the trellis with an empty table, and room for the tokens and links from the emitting arcs of a frame.

    Return the number of these arcs, too.
    """
    store, table, frames, active = trellis
    num_arcs = 0
    for position in range(len(active)):
        state = store.tokens[active[position]].state
        if exchange is None:
            table[state] = -1
        if costs[position] <= cutoff:
            num_arcs += graph.states[state + 1].begin - graph.states[state].emitting
    if exchange is not None:
        table = empty_table(table, num_arcs)
    return Trellis(reserve(store, num_arcs), table, frames, active), num_arcs
