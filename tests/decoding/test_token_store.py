"""Tokens and links: arrays grow, what pruning leaves moves together, and places are found by hash."""

from __future__ import annotations

import numpy as np

from blasr.decoding.token_store import (
    LINKS_USED,
    LM_TOKEN,
    TOKEN,
    TOKENS_USED,
    SearchState,
    Store,
    compact,
    empty_table,
    first_tokens,
    new_frames,
    new_store,
    remove_links_of,
    reserve,
    slot_of,
    table_of_tokens,
)


def add_token(store: Store, state: int, *, previous: int = -1) -> int:
    """Append a token without links; there must be room."""
    index = int(store.used[TOKENS_USED])
    store.tokens[index] = np.zeros((), store.tokens.dtype)
    store.tokens[index]["state"], store.tokens[index]["previous"], store.tokens[index]["links"] = state, previous, -1
    store.used[TOKENS_USED] += 1
    return index


def add_link(store: Store, source: int, target: int) -> int:
    """Append a link and put it before the others of its token; there must be room."""
    number = int(store.used[LINKS_USED])
    store.links[number] = (0.0, 0.0, number, target, store.tokens[source]["links"])
    store.tokens[source]["links"] = number
    store.used[LINKS_USED] += 1
    return number


def links_of(store: Store, token: int) -> list[tuple[int, int]]:
    """The arc and the target of each link of a token."""
    found, number = [], int(store.tokens[token]["links"])
    while number >= 0:
        found.append((int(store.links[number]["arc"]), int(store.links[number]["target"])))
        number = int(store.links[number]["next"])
    return found


def test_what_is_left_moves_together_and_keeps_its_order() -> None:
    """Frame 0 has token 0, frame 1 the tokens 1 to 3, and frame 2 the tokens 4 and 5; the tokens 1 and 4 go."""
    store, frames = new_store(np.empty(8, TOKEN)), new_frames(2)
    for state, previous in enumerate((-1, 0, 0, 2, 2, 3)):
        add_token(store, state, previous=previous)
    frames.tokens[:] = 0, 1, 4, 6
    for target in (1, 2, 3):
        add_link(store, 0, target)
    frames.links[1] = store.used[LINKS_USED]
    for source, target in ((2, 3), (1, 4), (2, 4), (2, 5), (3, 5)):
        add_link(store, source, target)
    frames.links[2] = store.used[LINKS_USED]
    remove_links_of(store, 1)
    store.tokens[1]["links"] = -1
    store.tokens["extra_cost"][[1, 4]] = np.inf
    for number, before, after in ((0, 1, -1), (5, 6, 3)):
        store.links[number]["target"] = -1
        store.links[before]["next"] = after
    moved = compact(store, frames, 0, 2)
    assert moved.tolist() == [0, -1, 1, 2, -1, 3]
    assert store.used.tolist() == [4, 5]
    assert frames.tokens.tolist() == [0, 1, 3, 4] and frames.links[:3].tolist() == [0, 2, 5]
    assert store.tokens["state"][:4].tolist() == [0, 2, 3, 5]
    assert store.tokens["previous"][:4].tolist() == [-1, 0, 1, 2]
    assert links_of(store, 0) == [(2, 2), (1, 1)]
    assert links_of(store, 1) == [(6, 3), (3, 2)]
    assert links_of(store, 2) == [(7, 3)]


def test_a_full_store_grows_and_keeps_its_records() -> None:
    store = new_store(np.empty(2, TOKEN))
    add_token(store, 7)
    larger = reserve(store, 5)
    assert len(larger.tokens) >= 6 and larger.tokens[0]["state"] == 7 and larger.used is store.used
    assert reserve(larger, 5).tokens is larger.tokens


def test_tokens_are_found_by_their_place() -> None:
    store = new_store(np.empty(2000, LM_TOKEN))
    places = [SearchState(state, old, new) for state in range(10) for old in range(10) for new in range(10)]
    for place in places:
        index = add_token(store, place.state)
        store.tokens[index]["old"], store.tokens[index]["new"] = place.old, place.new
    table = table_of_tokens(np.full(4, -1, np.int32), store.tokens, 0, len(places), len(places))
    assert len(table) >= 2 * len(places)
    for number, place in enumerate(places):
        assert table[slot_of(table, store.tokens, place)] == number
    assert table[slot_of(table, store.tokens, SearchState(10, 0, 0))] == -1
    assert (empty_table(table, 10) == -1).all()


def test_the_search_with_one_language_model_has_smaller_tokens() -> None:
    assert first_tokens(None).dtype == TOKEN
