"""Tokens and links: indices are used again after they are freed, arrays grow, and places are found by hash."""

from __future__ import annotations

import numpy as np

from blasr.decoding.token_store import (
    LM_TOKEN,
    TOKEN,
    SearchState,
    empty_table,
    first_tokens,
    free_token,
    has_room,
    new_store,
    reserve,
    slot_of,
    table_of_list,
    take_link,
    take_token,
)


def test_freed_tokens_and_links_are_used_again() -> None:
    store = new_store(np.empty(4, TOKEN))
    first = take_token(store.tokens, store.heads, 7, 1.5, -1, -1)
    second = take_token(store.tokens, store.heads, 8, 2.5, first, first)
    assert (first, second) == (0, 1)
    assert store.tokens[second]["next"] == first and store.tokens[second]["links"] == -1
    store.tokens[second]["links"] = take_link(store, 3, 0.5, 0.25, first, -1)
    store.tokens[second]["links"] = take_link(store, 4, 0.5, 0.25, first, store.tokens[second]["links"])
    free_token(store, second)
    assert take_token(store.tokens, store.heads, 9, 0.0, -1, -1) == second
    assert {take_link(store, 5, 0.0, 0.0, first, -1), take_link(store, 6, 0.0, 0.0, first, -1)} == {0, 1}
    assert take_link(store, 7, 0.0, 0.0, first, -1) == 2


def test_a_full_store_grows_and_keeps_its_records() -> None:
    store = new_store(np.empty(2, TOKEN))
    take_token(store.tokens, store.heads, 7, 1.5, -1, -1)
    assert has_room(store, 1) and not has_room(store, 2)
    larger = reserve(store, 5)
    assert has_room(larger, 5) and larger.tokens[0]["state"] == 7 and larger.heads is store.heads


def test_tokens_are_found_by_their_place() -> None:
    store = new_store(np.empty(2000, LM_TOKEN))
    places = [SearchState(state, old, new) for state in range(10) for old in range(10) for new in range(10)]
    head = -1
    for place in places:
        head = take_token(store.tokens, store.heads, place.state, 0.0, -1, head)
        store.tokens[head]["old"], store.tokens[head]["new"] = place.old, place.new
    table = table_of_list(np.full(4, -1, np.int32), store.tokens, head, len(places))
    assert len(table) >= 2 * len(places)
    for number, place in enumerate(places):
        assert table[slot_of(table, store.tokens, place)] == number
    assert table[slot_of(table, store.tokens, SearchState(10, 0, 0))] == -1
    assert (empty_table(table, 10) == -1).all()


def test_the_search_with_one_language_model_has_smaller_tokens() -> None:
    assert first_tokens(None).dtype == TOKEN
