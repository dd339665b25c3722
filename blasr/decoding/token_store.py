"""Tokens and forward links of one utterance: two growing arrays whose entries refer to each other by index.

-1 is none. What pruning frees is used again. A search that exchanges grammars on the way keeps their states in its
tokens, which are then found through a hash table; otherwise the table has an entry for every state of the graph.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from blasr.jit import jit
from blasr.lm.backoff_grammar import LmDifference
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
GRAMMAR_TOKEN: Final = np.dtype([*TOKEN.descr, ("old", np.int32), ("new", np.int32)])  # and the grammars' states
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
    """The tokens and links of one utterance; ``heads`` has how many were taken and the tops of the free lists."""

    tokens: AnyArray
    links: AnyArray
    heads: AnyArray


def first_tokens(difference: LmDifference | None) -> AnyArray:
    """Room for the first tokens, of the kind that the search needs."""
    return np.empty(4096, TOKEN if difference is None else GRAMMAR_TOKEN)


@jit
def new_store(tokens: AnyArray) -> Store:
    """A store with this room for tokens, and some for links."""
    return Store(tokens, np.empty(16384, LINK), np.array([0, -1, 0, -1], np.int64))


@jit
def has_room(store: Store, count: int) -> bool:
    """Whether so many more tokens and links fit."""
    tokens, links, heads = store
    return bool(heads[TOKENS_USED] + count <= len(tokens) and heads[LINKS_USED] + count <= len(links))


@jit
def reserve(store: Store, count: int) -> Store:
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


@jit
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


@jit
def take_link(
    links: AnyArray, heads: AnyArray, arc: int, graph_cost: float, acoustic_cost: float, target: int, following: int
) -> int:
    """The index of a new link in front of ``following`` in its token's list; there must be room."""
    index: int = heads[FREE_LINK]
    if index >= 0:
        heads[FREE_LINK] = links[index].next
    else:
        index = heads[LINKS_USED]
        heads[LINKS_USED] += 1
    link = links[index]
    link.acoustic_cost = acoustic_cost
    link.graph_cost = graph_cost
    link.arc = arc
    link.target = target
    link.next = following
    return index


@jit
def free_link(links: AnyArray, heads: AnyArray, index: int) -> None:
    """Give a link that no list holds any more back for later use."""
    links[index].next = heads[FREE_LINK]
    heads[FREE_LINK] = index


@jit
def free_token(store: Store, index: int) -> None:
    """Give a token that no list holds any more, and its links, back for later use."""
    link = store.tokens[index].links
    while link >= 0:
        following = store.links[link].next
        free_link(store.links, store.heads, link)
        link = following
    store.tokens[index].next = store.heads[FREE_TOKEN]
    store.heads[FREE_TOKEN] = index


@jit
def slot_of(table: IntArray, tokens: AnyArray, state: int, old: int, new: int) -> int:
    """The slot of the hash table with the token of these states, or the free one for it (open addressing)."""
    mask = len(table) - 1
    mixed = (state * 2654435761 + old * 805459861 + new * 3674653429) * 6364136223846793005
    slot = (mixed >> 29) & mask
    while True:
        index = table[slot]
        if index < 0:
            return slot
        token = tokens[index]
        if token.state == state and token.old == old and token.new == new:
            return slot
        slot = (slot + 1) & mask


@jit
def empty_table(table: IntArray, num_tokens: int) -> IntArray:
    """An empty hash table that ``num_tokens`` fill no more than half."""
    size = len(table)
    while size < 2 * num_tokens:
        size *= 2
    if size > len(table):
        return np.full(size, -1, np.int32)
    table[:] = -1
    return table


@jit
def table_of_list(table: IntArray, tokens: AnyArray, first: int, num_tokens: int) -> IntArray:
    """A hash table of a frame's tokens, with room for ``num_tokens``."""
    table = empty_table(table, num_tokens)
    index = first
    while index >= 0:
        token = tokens[index]
        table[slot_of(table, tokens, token.state, token.old, token.new)] = index
        index = token.next
    return table


@jit
def final_cost(final: FloatArray, difference: LmDifference | None, tokens: AnyArray, index: int) -> float:
    """What ending at a token costs, inf where its path cannot end; ``final`` is the graph's."""
    cost: float = final[tokens[index].state]
    if difference is not None:
        added = difference.new.final[tokens[index].new]
        taken = difference.old.final[tokens[index].old]
        return cost + added - taken if taken < np.inf else np.inf
    return cost
