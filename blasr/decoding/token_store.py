"""Tokens and forward links of one utterance: two growing arrays of records that refer to each other by index.

-1 means no record. The tokens of a frame are consecutive, the newest last, and so are the frames. Links are in the
order of the frames, too. Whatever goes through a frame therefore reads memory in order. Pruning marks records, and
:func:`compact` moves the others together.

A search that exchanges language models keeps their states in its tokens and finds tokens through a hash table.
Otherwise the table has an entry for each state of the graph.
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
        ("target", np.int32),  # -1: the link is removed
        ("next", np.int32),  # the next link of the token, which is older
    ]
)
TOKENS_USED, LINKS_USED = range(2)


class Store(NamedTuple):
    """The tokens and links of one utterance; ``used`` has the numbers of both."""

    tokens: AnyArray
    links: AnyArray
    used: AnyArray


class FrameTokens(NamedTuple):
    """What belongs to each frame; arrays with two entries more than frames.

    Attributes:
        tokens: the first token after this number of frames; the next entry is where they end.
        links: the first link that leaves these tokens; the next entry is where they end, except for the last frame.
        stale: whether the costs after this frame have changed since its links were pruned.
    """

    tokens: IntArray
    links: IntArray
    stale: AnyArray


class Trellis(NamedTuple):
    """The state of a search.

    Attributes:
        store: all tokens.
        table: finds the tokens of the last frame.
        frames: the tokens by frame.
    """

    store: Store
    table: IntArray
    frames: FrameTokens


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
    tokens, links = np.zeros((2, num_frames + 2), np.int32)
    return FrameTokens(tokens, links, np.ones(num_frames + 2, np.bool_))


@jit
def new_store(tokens: AnyArray) -> Store:
    """Return a store with these token records, and some room for links."""
    return Store(tokens, np.empty(16384, LINK), np.zeros(2, np.int64))


@jit
def reserve(store: Store, count: int) -> Store:
    """Return a store with room for ``count`` more tokens and links."""
    tokens, links, used = store
    return Store(grown(tokens, used[TOKENS_USED] + count), grown(links, used[LINKS_USED] + count), used)


@jit
def remove_links_of(store: Store, token: int) -> None:
    """Mark all links of a token as removed; its list is not changed."""
    links = store.links
    link = store.tokens[token].links
    while link >= 0:
        links[link].target = -1
        link = links[link].next


@jit
def compact(store: Store, frames: FrameTokens, first: int, last: int) -> IntArray:
    """Move the records that are left together, from frame ``first`` to the last one.

    Tokens with an infinite extra cost and links that are marked as removed are dropped. No token of ``first`` may be,
    unless it is frame 0: links of earlier frames are not changed.

    Returns:
        Where each token went, from the first one of frame ``first`` on; -1 if it was dropped.
    """
    tokens, links, used = store
    first_token, first_link = frames.tokens[first], frames.links[first]
    moved = np.full(used[TOKENS_USED] - first_token, -1, np.int32)
    moved_links = np.empty(used[LINKS_USED] - first_link, np.int32)
    begin, end = first_token, first_token
    for frame in range(first, last + 1):
        limit = frames.tokens[frame + 1]
        frames.tokens[frame] = end
        for index in range(begin, limit):
            if tokens[index].extra_cost < np.inf:
                moved[index - first_token] = end
                tokens[end] = tokens[index]
                end += 1
        begin = limit
    frames.tokens[last + 1] = used[TOKENS_USED] = end
    begin, end = first_link, first_link
    for frame in range(first, last + 1):
        limit = frames.links[frame + 1] if frame < last else used[LINKS_USED]
        frames.links[frame] = end
        for index in range(begin, limit):
            target, following = links[index].target, links[index].next
            if target >= 0:
                moved_links[index - first_link] = end
                links[end] = links[index]
                links[end].target = moved[target - first_token]
                if following >= 0:
                    links[end].next = moved_links[following - first_link]
                end += 1
        begin = limit
    used[LINKS_USED] = end
    for index in range(first_token, used[TOKENS_USED]):
        if tokens[index].links >= 0:
            tokens[index].links = moved_links[tokens[index].links - first_link]
        if tokens[index].previous >= first_token:
            tokens[index].previous = moved[tokens[index].previous - first_token]
    return moved


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
    """Return an empty hash table that ``num_tokens`` tokens fill at most by half, the given one if it has that size."""
    size = 4096
    while size < 2 * num_tokens:
        size *= 2
    if size != len(table):
        return np.full(size, -1, np.int32)
    table[:] = -1
    return table


@jit
def table_of_tokens(table: IntArray, tokens: AnyArray, begin: int, end: int, num_tokens: int) -> IntArray:
    """Return a hash table of the tokens from ``begin`` to before ``end``, with room for ``num_tokens``."""
    table = empty_table(table, num_tokens)
    for index in range(begin, end):
        token = tokens[index]
        table[slot_of(table, tokens, SearchState(token.state, token.old, token.new))] = index
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
def final_relative_cost(final: FloatArray, exchange: Exchange | None, trellis: Trellis, frame: int) -> float:
    """Return how much worse than the best token of a frame the best one is that ends the utterance; inf if none can.

    Args:
        final: the final costs of the graph.
        exchange: the language models that are exchanged, if any.
        trellis: the tokens.
        frame: the number of frames before the tokens.
    """
    tokens, frames = trellis.store.tokens, trellis.frames
    best, best_final = np.inf, np.inf
    for index in range(frames.tokens[frame], frames.tokens[frame + 1]):
        best = min(best, expected_cost(exchange, tokens, index))
        best_final = min(best_final, tokens[index].cost + final_cost(final, exchange, tokens, index))
    return best_final - best if best_final < np.inf else np.inf
