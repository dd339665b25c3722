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
    TOKENS_USED,
    FrameTokens,
    Trellis,
    empty_table,
    expected_cost,
    new_store,
    reserve,
    table_of_tokens,
)
from blasr.jit import jit
from blasr.lm.backoff_grammar import exchange_word
from blasr.units import AnyArray, FloatArray


@jit
def start_tokens(
    graph: SearchGraph, exchange: Exchange | None, tokens: AnyArray, frames: FrameTokens, beam: float
) -> Trellis:
    """``InitDecoding``: return the tokens before the first frame; they are stored in ``tokens``."""
    store = new_store(tokens)
    token = store.tokens[0]
    token.cost, token.extra_cost, token.state, token.links, token.previous = 0.0, 0.0, graph.start, -1, -1
    store.used[TOKENS_USED] = 1
    if exchange is None:
        table = np.full(len(graph.final), -1, np.int32)
        table[graph.start] = 0
    else:
        table = np.full(4096, -1, np.int32)
        new, word_class = exchange.new.start, exchange.state_class[graph.start]
        token.old, token.new, token.word_class = exchange.old.start, new, word_class
        token.ahead = ahead_of(exchange, word_class, new)
        table = table_of_tokens(table, store.tokens, 0, 1, 1)
    return process_nonemitting(graph, exchange, Trellis(store, table, frames), 0, beam)


@jit
def has_tokens(trellis: Trellis, frame: int) -> bool:
    """Return whether a token is left after ``frame`` frames; after a dead end of the graph there is none."""
    return bool(trellis.frames.tokens[frame] < trellis.frames.tokens[frame + 1])


@jit
def advance(
    graph: SearchGraph,
    exchange: Exchange | None,
    trellis: Trellis,
    frame: int,
    loglikes: FloatArray,
    beams: SearchBeams,
) -> Trellis:
    """Search one frame, the one with this number from 0; after a dead end of the graph no token is left."""
    scores = np.empty(loglikes.shape[1], np.float32)
    for pdf in range(len(scores)):
        scores[pdf] = beams.acoustic_scale * loglikes[frame, pdf]
    cutoff = np.inf
    if has_tokens(trellis, frame):
        trellis, cutoff = process_emitting(graph, exchange, trellis, frame, scores, beams)
    return process_nonemitting(graph, exchange, trellis, frame + 1, cutoff)


@jit
def _cutoff(
    exchange: Exchange | None, tokens: AnyArray, begin: int, end: int, beams: SearchBeams
) -> tuple[AnyArray, float, float, int]:
    """Return the costs of the tokens, the highest that survives, the beam of the next frame, and the best token."""
    costs = np.empty(end - begin, np.float64)
    best = len(costs) - 1
    for position in range(len(costs) - 1, -1, -1):
        costs[position] = expected_cost(exchange, tokens, begin + position)
        if costs[position] < costs[best]:
            best = position
    cutoff, beam = beam_cutoff(costs, beams.beam, beams.min_active, beams.max_active, beams.beam_delta)
    return costs, cutoff, beam, begin + best


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
    begin, end = trellis.frames.tokens[frame], trellis.frames.tokens[frame + 1]
    costs, cutoff, adaptive_beam, best = _cutoff(exchange, trellis.store.tokens, begin, end, beams)
    next_cutoff = _first_cutoff(graph, exchange, trellis.store.tokens, best, scores) + adaptive_beam
    store, table, frames = _make_room(graph, exchange, trellis, begin, costs, cutoff)
    survivors = Survivors(begin, costs, cutoff, next_cutoff, adaptive_beam)
    if exchange is None:
        next_cutoff = pass_tokens(graph, store, table, survivors, scores)
    else:
        next_cutoff = pass_exchanging_tokens(graph, exchange, store, table, survivors, scores)
    return Trellis(store, table, frames), next_cutoff


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
    graph: SearchGraph, exchange: Exchange | None, trellis: Trellis, begin: int, costs: AnyArray, cutoff: float
) -> Trellis:
    """Return the trellis with an empty table, and room for the tokens and links from the emitting arcs of a frame."""
    store, table, frames = trellis
    tokens, states = store.tokens, graph.states
    num_arcs = 0
    for position in range(len(costs)):
        state = tokens[begin + position].state
        if exchange is None:
            table[state] = -1
        if costs[position] <= cutoff:
            num_arcs += states[state + 1].begin - states[state].emitting
    if exchange is not None:
        table = empty_table(table, num_arcs)
    return Trellis(reserve(store, num_arcs), table, frames)
