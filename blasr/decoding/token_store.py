"""Tokens and forward links of one utterance: two growing arrays of records that refer to each other by index.

-1 means no record. Records that pruning frees are reused. A search that exchanges language models keeps their states
in its tokens and finds tokens through a hash table. Otherwise the table has an entry for each state of the graph.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from blasr.decoding.look_ahead import Exchange
from blasr.jit import grown, jit, jit_inline
from blasr.units import AnyArray, FloatArray, IntArray

TOKEN: Final = np.dtype(
    [
        ("cost", np.float64),  # of the best path from the start
        ("extra_cost", np.float64),  # how much worse the best path through the token is than the best path of all
        ("state", np.int32),
        ("links", np.int32),  # the first forward link
        ("next", np.int32),  # the next token of the frame, or of the free list
        ("previous", np.int32),  # the token before it on the best path; once the lattice is made, its state there
    ]
)
LM_TOKEN: Final = np.dtype(
    [*TOKEN.descr, ("old", np.int32), ("new", np.int32), ("ahead", np.float32), ("word_class", np.int32)]
)
"""A token with the states of the old and the new language model, what the look-ahead adds, and its state's class.

The class of a rootward token (:mod:`blasr.decoding.look_ahead`) is stored as ``ROOTWARD - class``.
"""
ROOTWARD: Final = -2
LINK: Final = np.dtype(
    [
        ("acoustic_cost", np.float32),  # scaled
        ("graph_cost", np.float32),
        ("arc", np.int32),
        ("target", np.int32),
        ("next", np.int32),  # the next link of the token, or of the free list
    ]
)
TOKENS_USED, FREE_TOKEN, LINKS_USED, FREE_LINK = range(4)


class Store(NamedTuple):
    """The tokens and links of one utterance; ``heads`` has the numbers of used records and the tops of free lists."""

    tokens: AnyArray
    links: AnyArray
    heads: AnyArray


class FrameTokens(NamedTuple):
    """Arrays with an entry for each frame, and one more.

    Attributes:
        first: the first token after this number of frames; -1 if there is none.
        stale_links, stale_tokens: whether the costs after this frame have changed since its links, and its tokens,
            were pruned.
    """

    first: IntArray
    stale_links: AnyArray
    stale_tokens: AnyArray


class Trellis(NamedTuple):
    """The state of a search.

    Attributes:
        store: all tokens.
        table: finds the tokens of the last frame.
        frames: the tokens by frame.
        active: the tokens of the last frame, the newest last. Following their list would wait for each one in turn.
    """

    store: Store
    table: IntArray
    frames: FrameTokens
    active: IntArray


class SearchState(NamedTuple):
    """Where a token is: the graph's state and the states of the old and the new language model (0 without them)."""

    state: int
    old: int
    new: int


def first_tokens(exchange: Exchange | None) -> AnyArray:
    """Return empty records for the first tokens, of the type that the search needs."""
    return np.empty(4096, TOKEN if exchange is None else LM_TOKEN)


def new_frames(num_frames: int) -> FrameTokens:
    """Return empty entries for ``num_frames`` frames."""
    return FrameTokens(np.full(num_frames + 1, -1, np.int32), *np.ones((2, num_frames + 1), np.bool_))


@jit
def new_store(tokens: AnyArray) -> Store:
    """Return a store with these token records, and some room for links."""
    return Store(tokens, np.empty(16384, LINK), np.array([0, -1, 0, -1], np.int64))


@jit
def has_room(store: Store, count: int) -> bool:
    """Return whether ``count`` more tokens and links fit."""
    tokens, links, heads = store
    return bool(heads[TOKENS_USED] + count <= len(tokens) and heads[LINKS_USED] + count <= len(links))


@jit
def reserve(store: Store, count: int) -> Store:
    """Return a store with room for ``count`` more tokens and links."""
    tokens, links, heads = store
    return Store(grown(tokens, heads[TOKENS_USED] + count), grown(links, heads[LINKS_USED] + count), heads)


@jit
def _take(records: AnyArray, heads: AnyArray, used: int, free: int) -> int:
    """Return the index of an unused record; there must be room."""
    index: int = heads[free]
    if index >= 0:
        heads[free] = records[index].next
    else:
        index = heads[used]
        heads[used] += 1
    return index


@jit
def _free(records: AnyArray, heads: AnyArray, free: int, index: int) -> None:
    """Put a record that is no longer in any list on the free list."""
    records[index].next = heads[free]
    heads[free] = index


@jit
def take_token(tokens: AnyArray, heads: AnyArray, state: int, cost: float, previous: int, following: int) -> int:
    """Return the index of a new token before ``following`` in the list of its frame; there must be room."""
    index = _take(tokens, heads, TOKENS_USED, FREE_TOKEN)
    token = tokens[index]
    token.cost = cost
    token.extra_cost = 0.0
    token.state = state
    token.links = -1
    token.next = following
    token.previous = previous
    return index


@jit
def take_link(store: Store, arc: int, graph_cost: float, acoustic_cost: float, target: int, following: int) -> int:
    """Return the index of a new link before ``following`` in the list of its token; there must be room."""
    index = _take(store.links, store.heads, LINKS_USED, FREE_LINK)
    link = store.links[index]
    link.acoustic_cost = acoustic_cost
    link.graph_cost = graph_cost
    link.arc = arc
    link.target = target
    link.next = following
    return index


@jit
def free_link(store: Store, index: int) -> None:
    """Free a link that is no longer in any list."""
    _free(store.links, store.heads, FREE_LINK, index)


@jit
def free_links_of(store: Store, token: int) -> None:
    """Free all links of a token; its list is not changed."""
    link = store.tokens[token].links
    while link >= 0:
        following = store.links[link].next
        free_link(store, link)
        link = following


@jit
def free_token(store: Store, index: int) -> None:
    """Free a token that is no longer in any list, and its links."""
    free_links_of(store, index)
    _free(store.tokens, store.heads, FREE_TOKEN, index)


@jit_inline
def place_hash(state: int, old: int, new: int) -> int:
    """Return a number whose lowest bits are the first slot of a place in a hash table."""
    return (state * 2654435761 + old * 805459861 + new * 3674653429) * 6364136223846793005 >> 29


@jit
def slot_of(table: IntArray, tokens: AnyArray, place: SearchState) -> int:
    """Return the slot of the hash table with the token of a place, or the free slot for it (open addressing)."""
    mask = len(table) - 1
    slot = place_hash(place.state, place.old, place.new) & mask
    while True:
        index = table[slot]
        if index < 0:
            return slot
        token = tokens[index]
        if token.state == place.state and token.old == place.old and token.new == place.new:
            return slot
        slot = (slot + 1) & mask


@jit
def empty_table(table: IntArray, num_tokens: int) -> IntArray:
    """Return an empty hash table that ``num_tokens`` tokens fill at most by half."""
    size = len(table)
    while size < 2 * num_tokens:
        size *= 2
    if size > len(table):
        return np.full(size, -1, np.int32)
    table[:] = -1
    return table


@jit
def table_of_list(table: IntArray, tokens: AnyArray, first: int, num_tokens: int) -> IntArray:
    """Return a hash table of the tokens of a frame, with room for ``num_tokens``."""
    table = empty_table(table, num_tokens)
    index = first
    while index >= 0:
        token = tokens[index]
        table[slot_of(table, tokens, SearchState(token.state, token.old, token.new))] = index
        index = token.next
    return table


@jit_inline
def expected_cost(exchange: Exchange | None, tokens: AnyArray, index: int) -> float:
    """Return the cost by which the search compares a token: that of its path, and what the look-ahead adds."""
    if exchange is None:
        cost: float = tokens[index].cost
        return cost
    expected: float = tokens[index].cost + tokens[index].ahead
    return expected


@jit
def final_cost(final: FloatArray, exchange: Exchange | None, tokens: AnyArray, index: int) -> float:
    """Return the cost of ending at a token, inf if its path cannot end; ``final`` has the final costs of the graph."""
    cost: float = final[tokens[index].state]
    if exchange is not None:
        added = exchange.new.final[tokens[index].new]
        taken = exchange.old.final[tokens[index].old]
        return cost + added - taken if taken < np.inf else np.inf
    return cost


@jit
def final_relative_cost(final: FloatArray, exchange: Exchange | None, tokens: AnyArray, first: int) -> float:
    """Return how much worse than the best token of a frame the best one is that ends the utterance; inf if none can.

    Args:
        final: the final costs of the graph.
        exchange: the language models that are exchanged, if any.
        tokens: the records of all tokens.
        first: the first token of the frame.
    """
    best, best_final = np.inf, np.inf
    index = first
    while index >= 0:
        best = min(best, expected_cost(exchange, tokens, index))
        best_final = min(best_final, tokens[index].cost + final_cost(final, exchange, tokens, index))
        index = tokens[index].next
    return best_final - best if best_final < np.inf else np.inf
