"""Token passing over a decoding graph: one frame's emitting arcs, then its epsilon arcs.

The arrays of ``LatticeFasterDecoderTpl`` (Kaldi's decoder/lattice-faster-decoder.cc), in numba. Costs are float64, so
Kaldi's per-frame cost offsets are not needed. With a difference of grammars, tokens of one state of the graph and
other states of the grammars are kept apart, and every word's cost is changed (``LatticeBiglmFasterDecoder``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from blasr.decoding.config import SearchBeams
from blasr.decoding.token_store import (
    Store,
    empty_table,
    free_link,
    has_room,
    new_store,
    reserve,
    slot_of,
    table_of_list,
    take_link,
    take_token,
)
from blasr.io.fst import Fst
from blasr.jit import jit
from blasr.lm.backoff_grammar import LmDifference, exchange_word
from blasr.units import AnyArray, FloatArray, IntArray


class SearchGraph(NamedTuple):
    """A graph laid out for the search: of each state's arcs ``offsets[s]:offsets[s + 1]`` those up to
    ``epsilon_ends[s]`` have no input label. ``pdf`` is each arc's column of log-likelihoods, -1 for epsilon arcs.
    """

    start: int
    offsets: AnyArray
    epsilon_ends: AnyArray
    pdf: IntArray
    ilabel: IntArray
    olabel: IntArray
    nextstate: IntArray
    weight: FloatArray
    final: FloatArray


def lay_out(graph: Fst, tid_to_pdf: IntArray) -> SearchGraph:
    """Order each state's arcs, epsilons first, and look up the pdf-id of every arc."""
    emitting = graph.ilabel != 0
    sources = graph.sources
    order = np.lexsort((emitting, sources))
    epsilons = np.bincount(sources[~emitting], minlength=graph.num_states)
    ilabel = graph.ilabel[order]
    return SearchGraph(
        start=int(graph.start),
        offsets=np.ascontiguousarray(graph.offsets, dtype=np.int64),
        epsilon_ends=graph.offsets[:-1] + epsilons,
        pdf=np.where(ilabel > 0, np.asarray(tid_to_pdf, dtype=np.int32)[ilabel], np.int32(-1)),
        ilabel=ilabel,
        olabel=graph.olabel[order],
        nextstate=graph.nextstate[order],
        weight=graph.weight[order],
        final=np.ascontiguousarray(graph.final, dtype=np.float32),
    )


@jit
def start_tokens(
    graph: SearchGraph,
    difference: LmDifference | None,
    tokens: AnyArray,
    frame_tokens: IntArray,
    beam: float,
) -> tuple[Store, IntArray]:
    """``InitDecoding``: the tokens before the first frame; returns the store, which begins with the room in
    ``tokens``, and the table that finds tokens.
    """
    store = new_store(tokens)
    first = take_token(store.tokens, store.heads, graph.start, 0.0, -1)
    frame_tokens[0] = first
    if difference is None:
        table = np.full(len(graph.final), -1, np.int32)
        table[graph.start] = first
    else:
        table = np.full(4096, -1, np.int32)
        store.tokens[first].old = difference.old.start
        store.tokens[first].new = difference.new.start
        table = table_of_list(table, store.tokens, first, 1)
    return process_nonemitting(graph, difference, store, frame_tokens, 0, table, beam)


@jit
def _cutoff(store: Store, first: int, beams: SearchBeams) -> tuple[float, float, int]:
    """``GetCutoff``: the highest cost to go on from, the beam of the next frame, and the best token."""
    tokens = store.tokens
    best, count = first, 0
    index = first
    while index >= 0:
        count += 1
        if tokens[index].cost < tokens[best].cost:
            best = index
        index = tokens[index].next
    best_cost = tokens[best].cost
    beam_cutoff = best_cost + beams.beam
    costs = np.empty(count, np.float64)
    index = first
    below, at = 0, 0
    for position in range(count):
        cost = tokens[index].cost
        costs[position] = cost
        below += cost < beam_cutoff
        at += cost <= beam_cutoff
        index = tokens[index].next
    if below > beams.max_active:
        cutoff = np.partition(costs, beams.max_active)[beams.max_active]
        return cutoff, cutoff - best_cost + beams.beam_delta, best
    if at <= beams.min_active:
        if count <= beams.min_active:
            return np.inf, np.inf, best
        cutoff = np.partition(costs, beams.min_active)[beams.min_active]
        return cutoff, cutoff - best_cost + beams.beam_delta, best
    return beam_cutoff, beams.beam, best


@jit
def process_emitting(
    graph: SearchGraph,
    difference: LmDifference | None,
    store: Store,
    frame_tokens: IntArray,
    frame: int,
    table: IntArray,
    scores: FloatArray,
    beams: SearchBeams,
) -> tuple[Store, IntArray, float]:
    """``ProcessEmitting``: pass the tokens of ``frame`` over their emitting arcs to those of ``frame + 1``.

    ``scores`` are the frame's scaled log-likelihoods. Returns the store, the table and the cutoff for epsilon arcs.
    """
    first = frame_tokens[frame]
    cutoff, adaptive_beam, best = _cutoff(store, first, beams)
    next_cutoff = np.inf
    state = store.tokens[best].state
    for arc in range(graph.epsilon_ends[state], graph.offsets[state + 1]):
        graph_cost = graph.weight[arc]
        if difference is not None and graph.olabel[arc] != 0:
            best_token = store.tokens[best]
            graph_cost += exchange_word(difference, best_token.old, best_token.new, graph.olabel[arc])[0]
        cost = store.tokens[best].cost + graph_cost - scores[graph.pdf[arc]]
        next_cutoff = min(next_cutoff, cost + adaptive_beam)

    num_arcs = 0
    index = first
    while index >= 0:
        state = store.tokens[index].state
        if difference is None:
            table[state] = -1
        if store.tokens[index].cost <= cutoff:
            num_arcs += graph.offsets[state + 1] - graph.epsilon_ends[state]
        index = store.tokens[index].next
    if difference is not None:
        table = empty_table(table, num_arcs)
    store = reserve(store, num_arcs)
    tokens, links, heads = store

    head = -1
    index = first
    while index >= 0:
        source_cost = tokens[index].cost
        state = tokens[index].state
        following = tokens[index].next
        if source_cost <= cutoff:
            link = tokens[index].links
            for arc in range(graph.epsilon_ends[state], graph.offsets[state + 1]):
                acoustic_cost = -scores[graph.pdf[arc]]
                graph_cost = graph.weight[arc]
                if difference is not None:
                    old, new = tokens[index].old, tokens[index].new
                    if graph.olabel[arc] != 0:
                        added, old, new = exchange_word(difference, old, new, graph.olabel[arc])
                        graph_cost = np.float32(graph_cost + added)
                cost = source_cost + graph_cost + acoustic_cost
                if cost >= next_cutoff:
                    continue
                next_cutoff = min(next_cutoff, cost + adaptive_beam)
                nextstate = graph.nextstate[arc]
                slot = nextstate if difference is None else slot_of(table, tokens, nextstate, old, new)
                target = table[slot]
                if target < 0:
                    target = head = take_token(tokens, heads, nextstate, cost, head)
                    table[slot] = target
                    if difference is not None:
                        tokens[target].old, tokens[target].new = old, new
                elif cost < tokens[target].cost:
                    tokens[target].cost = cost
                link = take_link(links, heads, arc, graph_cost, acoustic_cost, target, link)
            tokens[index].links = link
        index = following
    frame_tokens[frame + 1] = head
    return store, table, next_cutoff


@jit
def process_nonemitting(
    graph: SearchGraph,
    difference: LmDifference | None,
    store: Store,
    frame_tokens: IntArray,
    frame: int,
    table: IntArray,
    cutoff: float,
) -> tuple[Store, IntArray]:
    """``ProcessNonemitting``: pass the tokens of ``frame`` over epsilon arcs until no cost falls any more."""
    stack = np.empty(1024, np.int32)
    height, num_tokens = 0, 0
    head = frame_tokens[frame]
    index = head
    while index >= 0:
        num_tokens += 1
        state = store.tokens[index].state
        if graph.epsilon_ends[state] > graph.offsets[state]:
            if height == len(stack):
                stack = np.concatenate((stack, np.empty_like(stack)))
            stack[height] = index
            height += 1
        index = store.tokens[index].next
    tokens, links, heads = store
    while height > 0:
        height -= 1
        index = stack[height]
        source_cost = tokens[index].cost
        if source_cost >= cutoff:
            continue
        link = tokens[index].links  # epsilon links of a higher cost, from an earlier visit
        while link >= 0:
            following = links[link].next
            free_link(links, heads, link)
            link = following
        state = tokens[index].state
        begin, end = graph.offsets[state], graph.epsilon_ends[state]
        if not has_room(Store(tokens, links, heads), end - begin):
            tokens, links, heads = reserve(Store(tokens, links, heads), end - begin)
        while height + end - begin > len(stack):
            stack = np.concatenate((stack, np.empty_like(stack)))
        if difference is not None and 2 * (num_tokens + end - begin) > len(table):
            table = table_of_list(table, tokens, head, 2 * (num_tokens + end - begin))
        for arc in range(begin, end):
            graph_cost = graph.weight[arc]
            if difference is not None:
                old, new = tokens[index].old, tokens[index].new
                if graph.olabel[arc] != 0:
                    added, old, new = exchange_word(difference, old, new, graph.olabel[arc])
                    graph_cost = np.float32(graph_cost + added)
            cost = source_cost + graph_cost
            if cost >= cutoff:
                continue
            nextstate = graph.nextstate[arc]
            slot = nextstate if difference is None else slot_of(table, tokens, nextstate, old, new)
            target = table[slot]
            changed = True
            if target < 0:
                target = head = take_token(tokens, heads, nextstate, cost, head)
                table[slot] = target
                num_tokens += 1
                if difference is not None:
                    tokens[target].old, tokens[target].new = old, new
            elif cost < tokens[target].cost:
                tokens[target].cost = cost
            else:
                changed = False
            link = take_link(links, heads, arc, graph_cost, 0.0, target, link)
            if changed and graph.epsilon_ends[nextstate] > graph.offsets[nextstate]:
                stack[height] = target
                height += 1
        tokens[index].links = link
    frame_tokens[frame] = head
    return Store(tokens, links, heads), table
