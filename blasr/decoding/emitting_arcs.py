"""The innermost loops of the search: tokens pass the emitting arcs of a frame.

These loops call no other function for most arcs, and take arrays out of tuples beforehand, since numba counts
references to arrays wherever it passes them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from blasr.decoding.look_ahead import Exchange, cache_slot, compute_ahead
from blasr.decoding.reachable_words import ANY_WORD
from blasr.decoding.search_graph import SearchGraph
from blasr.decoding.token_store import LINKS_USED, ROOTWARD, TOKENS_USED, Store, place_hash
from blasr.jit import jit
from blasr.lm.backoff_grammar import exchange_word
from blasr.units import AnyArray, FloatArray, IntArray


class Survivors(NamedTuple):
    """The tokens of a frame, and the beam.

    Attributes:
        first: the first token; the newest is the last one.
        costs: their costs.
        cutoff: tokens with higher costs do not survive.
        next_cutoff: where new tokens must be below; it falls when a better one is found.
        beam: its distance from the best new token.
    """

    first: int
    costs: AnyArray
    cutoff: float
    next_cutoff: float
    beam: float


@jit
def pass_tokens(graph: SearchGraph, store: Store, table: IntArray, survivors: Survivors, scores: FloatArray) -> float:
    """Pass the surviving tokens over their emitting arcs, the newest first; return the last cutoff.

    There must be room for the new tokens and links.
    """
    tokens, links, used = store.tokens, store.links, store.used
    states, arcs = graph.states, graph.arcs
    first, costs, cutoff, next_cutoff, beam = survivors
    num_tokens, num_links = used[TOKENS_USED], used[LINKS_USED]
    for position in range(len(costs) - 1, -1, -1):
        if costs[position] > cutoff:
            continue
        index = first + position
        state = tokens[index].state
        source_cost = tokens[index].cost
        following: Any = np.int64(tokens[index].links)
        for arc in range(states[state].emitting, states[state + 1].begin):
            graph_cost = arcs[arc].weight
            acoustic_cost = -scores[arcs[arc].pdf]
            cost = source_cost + graph_cost + acoustic_cost
            if cost >= next_cutoff:
                continue
            next_cutoff = min(next_cutoff, cost + beam)
            place = arcs[arc].nextstate
            target: Any = np.int64(table[place])
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
            link = links[num_links]
            link.acoustic_cost, link.graph_cost, link.arc = acoustic_cost, graph_cost, arc
            link.target, link.next = target, following
            following = num_links
            num_links += 1
        tokens[index].links = following
    used[TOKENS_USED], used[LINKS_USED] = num_tokens, num_links
    return next_cutoff


@jit
def pass_exchanging_tokens(
    graph: SearchGraph,
    exchange: Exchange,
    store: Store,
    table: IntArray,
    survivors: Survivors,
    scores: FloatArray,
) -> float:
    """Do the same as :func:`pass_tokens` with an exchange of language models; ``table`` is a hash table."""
    tokens, links, used = store.tokens, store.links, store.used
    states, arcs = graph.states, graph.arcs
    order, state_class, log_old, log_old_word = (
        exchange.order,
        exchange.state_class,
        exchange.log_old,
        exchange.log_old_word,
    )
    at_root, masses = exchange.at_root, exchange.masses
    cache = exchange.cache
    first, costs, cutoff, next_cutoff, beam = survivors
    num_tokens, num_links = used[TOKENS_USED], used[LINKS_USED]
    mask = len(table) - 1
    for position in range(len(costs) - 1, -1, -1):
        if costs[position] > cutoff:
            continue
        index = first + position
        state, source_cost = tokens[index].state, tokens[index].cost
        source_ahead = np.float64(tokens[index].ahead)
        source_class, from_rootward = np.int64(tokens[index].word_class), False
        if source_class < ANY_WORD:
            source_class, from_rootward = ROOTWARD - source_class, True
        least = source_ahead - log_old[source_class] if source_class >= 0 else 0.0  # -log P_new(R)
        following: Any = np.int64(tokens[index].links)
        for arc in range(states[state].emitting, states[state + 1].begin):
            taken = arcs[arc]
            graph_cost = taken.weight
            acoustic_cost = -scores[taken.pdf]
            cost = source_cost + graph_cost + acoustic_cost
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
                if cost + least + log_old_word[word] + ahead >= next_cutoff:
                    continue
                added, old, new = exchange_word(exchange, old, new, word)
                graph_cost = np.float32(graph_cost + added)
                cost = source_cost + graph_cost + acoustic_cost
            if cost + ahead >= next_cutoff:
                continue
            if not exact:
                key = word_class << 32 | new
                entry = cache[cache_slot(key, len(cache))]
                if entry.key != key:
                    entry.key = key
                    entry.ahead, entry.rootward = compute_ahead(masses, log_old[word_class], word_class, new)
                ahead = np.float64(entry.ahead)
                now_rootward = entry.rootward != 0
                if cost + ahead >= next_cutoff:
                    continue
            next_cutoff = min(next_cutoff, cost + ahead + beam)
            place: Any = np.int64(taken.nextstate)
            slot = place_hash(place, old, new) & mask
            target: Any = np.int64(table[slot])
            while target >= 0 and not (
                tokens[target].state == place and tokens[target].old == old and tokens[target].new == new
            ):
                slot = (slot + 1) & mask
                target = np.int64(table[slot])
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
            link = links[num_links]
            link.acoustic_cost, link.graph_cost, link.arc = acoustic_cost, graph_cost, arc
            link.target, link.next = target, following
            following = num_links
            num_links += 1
        tokens[index].links = following
    used[TOKENS_USED], used[LINKS_USED] = num_tokens, num_links
    return next_cutoff
