"""Token passing over a decoding graph: one frame's emitting arcs, then its epsilon arcs.

The arrays of ``LatticeFasterDecoderTpl`` (Kaldi's decoder/lattice-faster-decoder.cc), in numba. Tokens and forward
links live in two growing arrays and refer to each other by index; -1 is none. What pruning frees is used again.
Costs are float64, so Kaldi's per-frame cost offsets are not needed.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numba
import numpy as np

from blasr.io.fst import Fst
from blasr.units import AnyArray, FloatArray, IntArray

TOKEN: Final = np.dtype(
    [
        ("cost", np.float64),  # of the best path from the start
        ("extra_cost", np.float64),  # by how much the best path through the token is worse than the best of all
        ("state", np.int32),
        ("links", np.int32),  # the first forward link
        ("next", np.int32),  # the next token of the frame, or of the free list
        ("number", np.int32),  # scratch of the lattice output
    ]
)
LINK: Final = np.dtype(
    [
        ("acoustic_cost", np.float32),  # scaled
        ("arc", np.int32),
        ("target", np.int32),
        ("next", np.int32),  # the next link of the token, or of the free list
    ]
)
TOKENS_USED, FREE_TOKEN, LINKS_USED, FREE_LINK = range(4)


class DecodingGraph(NamedTuple):
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


class Store(NamedTuple):
    """The tokens and links of one utterance; ``heads`` has how many were taken and the tops of the free lists."""

    tokens: AnyArray
    links: AnyArray
    heads: AnyArray


def lay_out(graph: Fst, tid_to_pdf: IntArray) -> DecodingGraph:
    """Order each state's arcs, epsilons first, and look up the pdf-id of every arc."""
    emitting = graph.ilabel != 0
    sources = graph.sources
    order = np.lexsort((emitting, sources))
    epsilons = np.bincount(sources[~emitting], minlength=graph.num_states)
    ilabel = graph.ilabel[order]
    return DecodingGraph(
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


@numba.njit(cache=True, nogil=True)
def new_store() -> Store:
    """Room for the first tokens and links."""
    return Store(np.empty(4096, TOKEN), np.empty(16384, LINK), np.array([0, -1, 0, -1], np.int64))


@numba.njit(cache=True, nogil=True)
def _has_room(tokens: AnyArray, links: AnyArray, heads: AnyArray, count: int) -> bool:
    return bool(heads[TOKENS_USED] + count <= len(tokens) and heads[LINKS_USED] + count <= len(links))


@numba.njit(cache=True, nogil=True)
def _reserve(store: Store, count: int) -> Store:
    """A store with room for ``count`` more tokens and links."""
    tokens, links, heads = store
    if heads[TOKENS_USED] + count > len(tokens):
        larger = np.empty(2 * len(tokens) + count, tokens.dtype)
        larger[: len(tokens)] = tokens
        tokens = larger
    if heads[LINKS_USED] + count > len(links):
        larger_links = np.empty(2 * len(links) + count, links.dtype)
        larger_links[: len(links)] = links
        links = larger_links
    return Store(tokens, links, heads)


@numba.njit(cache=True, nogil=True)
def take_token(tokens: AnyArray, heads: AnyArray, state: int, cost: float, following: int) -> int:
    """The index of a new token in front of ``following`` in its frame's list; there must be room."""
    index: int = heads[FREE_TOKEN]
    if index >= 0:
        heads[FREE_TOKEN] = tokens[index].next
    else:
        index = heads[TOKENS_USED]
        heads[TOKENS_USED] += 1
    token = tokens[index]
    token.cost = cost
    token.extra_cost = 0.0
    token.state = state
    token.links = -1
    token.next = following
    token.number = 0
    return index


@numba.njit(cache=True, nogil=True)
def _take_link(links: AnyArray, heads: AnyArray, arc: int, acoustic_cost: float, target: int, following: int) -> int:
    """The index of a new link in front of ``following`` in its token's list; there must be room."""
    index: int = heads[FREE_LINK]
    if index >= 0:
        heads[FREE_LINK] = links[index].next
    else:
        index = heads[LINKS_USED]
        heads[LINKS_USED] += 1
    link = links[index]
    link.acoustic_cost = acoustic_cost
    link.arc = arc
    link.target = target
    link.next = following
    return index


@numba.njit(cache=True, nogil=True)
def free_link(links: AnyArray, heads: AnyArray, index: int) -> None:
    """Give a link that no list holds any more back for later use."""
    links[index].next = heads[FREE_LINK]
    heads[FREE_LINK] = index


@numba.njit(cache=True, nogil=True)
def free_token(store: Store, index: int) -> None:
    """Give a token that no list holds any more, and its links, back for later use."""
    link = store.tokens[index].links
    while link >= 0:
        following = store.links[link].next
        free_link(store.links, store.heads, link)
        link = following
    store.tokens[index].next = store.heads[FREE_TOKEN]
    store.heads[FREE_TOKEN] = index


@numba.njit(cache=True, nogil=True)
def _cutoff(
    store: Store, first: int, beam: float, max_active: int, min_active: int, beam_delta: float
) -> tuple[float, float, int]:
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
    beam_cutoff = best_cost + beam
    costs = np.empty(count, np.float64)
    index = first
    below, at = 0, 0
    for position in range(count):
        cost = tokens[index].cost
        costs[position] = cost
        below += cost < beam_cutoff
        at += cost <= beam_cutoff
        index = tokens[index].next
    if below > max_active:
        cutoff = np.partition(costs, max_active)[max_active]
        return cutoff, cutoff - best_cost + beam_delta, best
    if at <= min_active:
        if count <= min_active:
            return np.inf, np.inf, best
        cutoff = np.partition(costs, min_active)[min_active]
        return cutoff, cutoff - best_cost + beam_delta, best
    return beam_cutoff, beam, best


@numba.njit(cache=True, nogil=True)
def process_emitting(
    graph: DecodingGraph,
    store: Store,
    frame_tokens: IntArray,
    frame: int,
    token_of_state: IntArray,
    scores: FloatArray,
    beam: float,
    max_active: int,
    min_active: int,
    beam_delta: float,
) -> tuple[Store, float]:
    """``ProcessEmitting``: pass the tokens of ``frame`` over their emitting arcs to those of ``frame + 1``.

    ``scores`` are the frame's scaled log-likelihoods. Returns the store and the cutoff for the epsilon arcs.
    """
    first = frame_tokens[frame]
    cutoff, adaptive_beam, best = _cutoff(store, first, beam, max_active, min_active, beam_delta)
    next_cutoff = np.inf
    state = store.tokens[best].state
    for arc in range(graph.epsilon_ends[state], graph.offsets[state + 1]):
        cost = store.tokens[best].cost + graph.weight[arc] - scores[graph.pdf[arc]]
        next_cutoff = min(next_cutoff, cost + adaptive_beam)

    num_arcs = 0
    index = first
    while index >= 0:
        state = store.tokens[index].state
        token_of_state[state] = -1
        if store.tokens[index].cost <= cutoff:
            num_arcs += graph.offsets[state + 1] - graph.epsilon_ends[state]
        index = store.tokens[index].next
    store = _reserve(store, num_arcs)
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
                cost = source_cost + graph.weight[arc] + acoustic_cost
                if cost >= next_cutoff:
                    continue
                next_cutoff = min(next_cutoff, cost + adaptive_beam)
                nextstate = graph.nextstate[arc]
                target = token_of_state[nextstate]
                if target < 0:
                    target = head = take_token(tokens, heads, nextstate, cost, head)
                    token_of_state[nextstate] = target
                elif cost < tokens[target].cost:
                    tokens[target].cost = cost
                link = _take_link(links, heads, arc, acoustic_cost, target, link)
            tokens[index].links = link
        index = following
    frame_tokens[frame + 1] = head
    return store, next_cutoff


@numba.njit(cache=True, nogil=True)
def process_nonemitting(
    graph: DecodingGraph, store: Store, frame_tokens: IntArray, frame: int, token_of_state: IntArray, cutoff: float
) -> Store:
    """``ProcessNonemitting``: pass the tokens of ``frame`` over epsilon arcs until no cost falls any more."""
    tokens, links, heads = store
    stack = np.empty(1024, np.int32)
    height = 0
    head = frame_tokens[frame]
    index = head
    while index >= 0:
        state = tokens[index].state
        if graph.epsilon_ends[state] > graph.offsets[state]:
            if height == len(stack):
                stack = np.concatenate((stack, np.empty_like(stack)))
            stack[height] = index
            height += 1
        index = tokens[index].next
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
        if not _has_room(tokens, links, heads, end - begin):
            tokens, links, heads = _reserve(Store(tokens, links, heads), end - begin)
        while height + end - begin > len(stack):
            stack = np.concatenate((stack, np.empty_like(stack)))
        for arc in range(begin, end):
            cost = source_cost + graph.weight[arc]
            if cost >= cutoff:
                continue
            nextstate = graph.nextstate[arc]
            target = token_of_state[nextstate]
            changed = True
            if target < 0:
                target = head = take_token(tokens, heads, nextstate, cost, head)
                token_of_state[nextstate] = target
            elif cost < tokens[target].cost:
                tokens[target].cost = cost
            else:
                changed = False
            link = _take_link(links, heads, arc, 0.0, target, link)
            if changed and graph.epsilon_ends[nextstate] > graph.offsets[nextstate]:
                stack[height] = target
                height += 1
        tokens[index].links = link
    frame_tokens[frame] = head
    return Store(tokens, links, heads)
