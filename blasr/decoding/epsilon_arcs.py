"""Tokens pass the epsilon arcs of a frame until no cost gets lower (``ProcessNonemitting``).

As in :mod:`blasr.decoding.emitting_arcs`, the loops call no other function for most arcs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from blasr.decoding.look_ahead import Exchange, cache_slot, compute_ahead
from blasr.decoding.reachable_words import ANY_WORD
from blasr.decoding.search_graph import SearchGraph
from blasr.decoding.token_store import (
    LINKS_USED,
    ROOTWARD,
    TOKENS_USED,
    Trellis,
    place_hash,
    remove_links_of,
    reserve,
    table_of_tokens,
)
from blasr.jit import grown, jit
from blasr.lm.backoff_grammar import exchange_word
from blasr.units import AnyArray, IntArray


@jit
def process_nonemitting(
    graph: SearchGraph, exchange: Exchange | None, trellis: Trellis, frame: int, cutoff: float
) -> Trellis:
    """Pass the tokens of ``frame`` over epsilon arcs, the oldest token first."""
    if exchange is None:
        return _pass_epsilons(graph, trellis, frame, cutoff)
    return _pass_exchanging_epsilons(graph, exchange, trellis, frame, cutoff)


@jit
def _with_epsilons(graph: SearchGraph, tokens: AnyArray, begin: int, end: int) -> tuple[IntArray, int]:
    """Return a stack of the tokens that have epsilon arcs, the oldest on top, and its height."""
    states = graph.states
    stack = np.empty(max(1024, end - begin), np.int32)
    height = 0
    for index in range(end - 1, begin - 1, -1):
        state = tokens[index].state
        if states[state].emitting > states[state].begin:
            stack[height] = index
            height += 1
    return stack, height


@jit
def _pass_epsilons(graph: SearchGraph, trellis: Trellis, frame: int, cutoff: float) -> Trellis:
    store, table, frames = trellis
    tokens, links, used = store.tokens, store.links, store.used
    states, arcs = graph.states, graph.arcs
    first, num_tokens, num_links = frames.tokens[frame], used[TOKENS_USED], used[LINKS_USED]
    frames.links[frame] = num_links
    stack, height = _with_epsilons(graph, tokens, first, num_tokens)
    while height > 0:
        height -= 1
        index = stack[height]
        source_cost = tokens[index].cost
        if source_cost >= cutoff:
            continue
        if tokens[index].links >= 0:
            remove_links_of(store, index)  # epsilon links from an earlier visit, with higher costs
        state = tokens[index].state
        begin, end = states[state].begin, states[state].emitting
        room: Any = np.int64(end - begin)
        if num_tokens + room > len(tokens) or num_links + room > len(links):
            used[TOKENS_USED], used[LINKS_USED] = num_tokens, num_links
            store = reserve(store, room)
            tokens, links = store.tokens, store.links
        if height + room > len(stack):
            stack = grown(stack, height + room)
        following: Any = np.int64(-1)
        for arc in range(begin, end):
            graph_cost = arcs[arc].weight
            cost = source_cost + graph_cost
            if cost >= cutoff:
                continue
            place = arcs[arc].nextstate
            target: Any = np.int64(table[place])
            changed = True
            if target < 0:
                target = num_tokens
                num_tokens += 1
                token = tokens[target]
                token.cost, token.extra_cost, token.state = cost, 0.0, place
                token.links, token.previous = -1, index
                table[place] = target
            elif cost < tokens[target].cost:
                tokens[target].cost = cost
                tokens[target].previous = index
            else:
                changed = False
            link = links[num_links]
            link.acoustic_cost, link.graph_cost, link.arc = 0.0, graph_cost, arc
            link.target, link.next = target, following
            following = num_links
            num_links += 1
            if changed and states[place].emitting > states[place].begin:
                stack[height] = target
                height += 1
        tokens[index].links = following
    used[TOKENS_USED], used[LINKS_USED] = num_tokens, num_links
    frames.tokens[frame + 1] = num_tokens
    return Trellis(store, table, frames)


@jit
def _pass_exchanging_epsilons(
    graph: SearchGraph, exchange: Exchange, trellis: Trellis, frame: int, cutoff: float
) -> Trellis:
    store, table, frames = trellis
    tokens, links, used = store.tokens, store.links, store.used
    states, arcs = graph.states, graph.arcs
    order, state_class, log_old = exchange.order, exchange.state_class, exchange.log_old
    log_old_word, at_root, masses = exchange.log_old_word, exchange.at_root, exchange.masses
    cache = exchange.cache
    first, num_tokens, num_links = frames.tokens[frame], used[TOKENS_USED], used[LINKS_USED]
    frames.links[frame] = num_links
    stack, height = _with_epsilons(graph, tokens, first, num_tokens)
    while height > 0:
        height -= 1
        index = stack[height]
        source_cost, source_ahead = tokens[index].cost, np.float64(tokens[index].ahead)
        if source_cost + source_ahead >= cutoff:
            continue
        if tokens[index].links >= 0:
            remove_links_of(store, index)  # epsilon links from an earlier visit, with higher costs
        state = tokens[index].state
        source_class, from_rootward = np.int64(tokens[index].word_class), False
        if source_class < ANY_WORD:
            source_class, from_rootward = ROOTWARD - source_class, True
        least = source_ahead - log_old[source_class] if source_class >= 0 else 0.0  # -log P_new(R)
        begin, end = states[state].begin, states[state].emitting
        room: Any = np.int64(end - begin)
        if num_tokens + room > len(tokens) or num_links + room > len(links):
            used[TOKENS_USED], used[LINKS_USED] = num_tokens, num_links
            store = reserve(store, room)
            tokens, links = store.tokens, store.links
        if height + room > len(stack):
            stack = grown(stack, height + room)
        if 2 * (num_tokens - first + room) > len(table):
            table = table_of_tokens(table, tokens, first, num_tokens, 2 * (num_tokens - first + room))
        mask = len(table) - 1
        following: Any = np.int64(-1)
        for arc in range(begin, end):
            taken = arcs[arc]
            graph_cost = taken.weight
            cost = source_cost + graph_cost
            word_class: Any = np.int64(state_class[taken.nextstate])
            within = taken.olabel == 0  # the word's prefix goes on
            now_rootward = within and from_rootward
            exact = word_class < 0 or now_rootward or (within and word_class == source_class)
            if word_class < 0:
                ahead = 0.0
            elif within and word_class == source_class:
                ahead = source_ahead
            elif now_rootward:
                ahead = source_ahead - np.float64(at_root[source_class]) + np.float64(at_root[word_class])
            else:  # at first only a lower bound, since P_new(R) shrinks along a prefix
                ahead = np.float64(log_old[word_class]) + (least if within else 0.0)
            old: Any = np.int64(tokens[index].old)
            new: Any = np.int64(tokens[index].new)
            if not within:
                word = order[taken.olabel]
                if cost + least + log_old_word[word] + ahead >= cutoff:
                    continue
                added, old, new = exchange_word(exchange, old, new, word)
                graph_cost = np.float32(graph_cost + added)
                cost = source_cost + graph_cost
            if cost + ahead >= cutoff:
                continue
            if not exact:
                key = word_class << 32 | new
                entry = cache[cache_slot(key, len(cache))]
                if entry.key != key:
                    entry.key = key
                    entry.ahead, entry.rootward = compute_ahead(masses, log_old[word_class], word_class, new)
                ahead = np.float64(entry.ahead)
                now_rootward = entry.rootward != 0
                if cost + ahead >= cutoff:
                    continue
            place: Any = np.int64(taken.nextstate)
            slot = place_hash(place, old, new) & mask
            target: Any = np.int64(table[slot])
            while target >= 0 and not (
                tokens[target].state == place and tokens[target].old == old and tokens[target].new == new
            ):
                slot = (slot + 1) & mask
                target = np.int64(table[slot])
            changed = True
            if target < 0:
                target = num_tokens
                num_tokens += 1
                token = tokens[target]
                token.cost, token.extra_cost, token.state = cost, 0.0, place
                token.links, token.previous = -1, index
                token.old, token.new, token.ahead = old, new, ahead
                token.word_class = ROOTWARD - word_class if now_rootward and word_class >= 0 else word_class
                table[slot] = target
            elif cost < tokens[target].cost:
                tokens[target].cost = cost
                tokens[target].previous = index
            else:
                changed = False
            link = links[num_links]
            link.acoustic_cost, link.graph_cost, link.arc = 0.0, graph_cost, arc
            link.target, link.next = target, following
            following = num_links
            num_links += 1
            if changed and states[place].emitting > states[place].begin:
                stack[height] = target
                height += 1
        tokens[index].links = following
    used[TOKENS_USED], used[LINKS_USED] = num_tokens, num_links
    frames.tokens[frame + 1] = num_tokens
    return Trellis(store, table, frames)
