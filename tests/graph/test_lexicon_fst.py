from __future__ import annotations

import math

import kaldifst
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.graph.lexicon_fst import (
    WHOLE_WORD,
    OptionalSilence,
    add_backoff_loops,
    add_disambiguation_symbols,
    lexicon_fst,
    place_of,
    sort_arcs,
)
from blasr.graph.openfst import to_kaldifst
from blasr.graph.phone_inventory import mark_positions
from blasr.io.fst import Fst
from blasr.io.symbols import SymbolTable
from blasr.lexicon.pronunciations import Pronunciation
from blasr.lexicon.word_pieces import WordJoiner
from tests.graph.systems import LEXICON, best_way

PHONES = SymbolTable.from_symbols(["SIL", "SPN", "a", "e", "i", "t", "th", "u", "#0", "#1", "#2", "#3"])
WORDS = SymbolTable.from_symbols(["<UNK>", "A", "EAT", "TEA", "TO", "TOOTH", "TWO", "#0", "<s>", "</s>"])
SILENCE = OptionalSilence("SIL", 0.4)


def ids(*phones: str) -> list[int]:
    return [PHONES.id_of(phone) for phone in phones]


def test_only_homophones_and_prefixes_get_disambiguation_symbols() -> None:
    distinct, highest = add_disambiguation_symbols(LEXICON)
    assert highest == 2
    assert {entry.phones for entry in distinct if entry.word in ("TO", "TWO")} == {("t", "u", "#1"), ("t", "u", "#2")}
    assert [entry.phones for entry in distinct if entry.word in ("TOOTH", "A")] == [
        ("t", "u", "th"),
        ("a",),
        ("e", "i"),
    ]


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(tuple), min_size=1, max_size=12))
def test_no_pronunciation_with_symbols_is_a_prefix_of_another(pronunciations: list[tuple[str, ...]]) -> None:
    lexicon = [Pronunciation(f"W{index}", phones) for index, phones in enumerate(pronunciations)]
    distinct, _ = add_disambiguation_symbols(lexicon)
    sequences = [entry.phones for entry in distinct]
    assert len(set(sequences)) == len(sequences)
    for one in sequences:
        assert sum(other[: len(one)] == one for other in sequences) == 1


@pytest.mark.parametrize(
    ("phones", "words", "probability"),
    [
        (["a"], ["A"], 0.6 * 0.6),
        (["SIL", "a"], ["A"], 0.4 * 0.6),
        (["SIL", "a", "SIL"], ["A"], 0.4 * 0.4),
        (["e", "i"], ["A"], 0.6 * 0.5 * 0.6),
        (["t", "u", "th", "SIL", "i", "t"], ["TOOTH", "EAT"], 0.6 * 0.4 * 0.6),
        ([], [], 0.6),
        (["SIL"], [], 0.4),
    ],
)
def test_cost_of_words_and_silence(phones: list[str], words: list[str], probability: float) -> None:
    fst = lexicon_fst(LEXICON, PHONES, WORDS, SILENCE)
    way = best_way(fst, ids(*phones))
    assert way is not None
    assert [WORDS.symbol_of(word) for word in way.outputs] == words
    assert way.cost == pytest.approx(-math.log(probability), abs=1e-5)


def test_without_silence_there_are_no_costs() -> None:
    fst = lexicon_fst(LEXICON, PHONES, WORDS, None)
    way = best_way(fst, ids("t", "i", "a"))
    assert way is not None
    assert way.cost == pytest.approx(0.0)
    assert best_way(fst, ids("SIL", "a")) is None


def test_backoff_loops_are_only_between_words() -> None:
    distinct, _ = add_disambiguation_symbols(LEXICON)
    fst = lexicon_fst(distinct, PHONES, WORDS, OptionalSilence("SIL", 0.4, "#3"))
    looped = add_backoff_loops(fst, PHONES.id_of("#0"), WORDS.id_of("#0"))
    way = best_way(looped, ids("a", "#0", "t", "u", "th"))
    assert way is not None
    assert [WORDS.symbol_of(word) for word in way.outputs] == ["A", "#0", "TOOTH"]
    assert best_way(looped, ids("t", "#0", "u", "th")) is None
    assert best_way(looped, ids("SIL", "a")) is None
    assert best_way(looped, ids("SIL", "#3", "a")) is not None


def test_arcs_are_sorted_within_their_states() -> None:
    fst = Fst.from_arcs(0, [0, 0], [0, 0, 0, 1], [3, 1, 2, 0], [1, 2, 1, 0], [0.5, 1, 2, 3], [1, 1, 1, 0])
    by_output = sort_arcs(fst, by="olabel")
    assert by_output.ilabel.tolist() == [2, 3, 1, 0]
    assert by_output.weight.tolist() == [2, 0.5, 1, 3]
    assert sort_arcs(fst, by="ilabel").ilabel.tolist() == [1, 2, 3, 0]
    np.testing.assert_array_equal(by_output.offsets, fst.offsets)


PIECES = [
    Pronunciation("<unk>", ("SPN",)),
    Pronunciation("▁t", ("t",)),
    Pronunciation("t", ("t",)),
    Pronunciation("▁tu", ("t", "u")),
    Pronunciation("u", ("u",)),
    Pronunciation("a", ("a",)),
]
PIECE_WORDS = SymbolTable.from_symbols([entry.word for entry in PIECES])
PLACES = [place_of(entry.word, {"<unk>"}) for entry in PIECES]


@pytest.mark.parametrize(
    ("phones", "pieces", "probability"),
    [
        (["t", "u"], ["▁t", "u"], 0.6 * 0.6),
        (["t", "u"], ["▁tu"], 0.6 * 0.6),
        (["t", "SIL", "t", "u", "SIL"], ["▁t", "▁t", "u"], 0.6 * 0.4 * 0.4),
        (["t", "SIL", "u"], ["▁t", "u"], 0.0),
        (["u", "t"], ["u", "▁t"], 0.0),
        (["SPN", "t"], ["<unk>", "▁t"], 0.6 * 0.6 * 0.6),
        (["SPN", "t"], ["<unk>", "t"], 0.0),
        (["t", "SPN"], ["▁t", "<unk>"], 0.6 * 0.6 * 0.6),
        (["t", "a", "t", "u", "t"], ["▁t", "a", "t", "u", "▁t"], 0.6 * 0.6 * 0.6),
        ([], [], 0.6),
    ],
)
def test_pieces_continue_words_without_silence(phones: list[str], pieces: list[str], probability: float) -> None:
    fst = lexicon_fst(PIECES, PHONES, PIECE_WORDS, SILENCE, PLACES)
    spoken = kaldifst.make_linear_acceptor(ids(*phones))
    chosen = kaldifst.make_linear_acceptor([PIECE_WORDS.id_of(piece) for piece in pieces])
    way = kaldifst.shortest_path(kaldifst.compose(kaldifst.compose(spoken, to_kaldifst(fst)), chosen))
    cost = float(kaldifst.get_linear_symbol_sequence(way)[3].value) if way.start >= 0 else math.inf
    assert math.exp(-cost) == pytest.approx(probability, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.text("tua", min_size=1, max_size=3), min_size=1, max_size=4), min_size=1, max_size=4),
    st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_pieces_have_the_phones_and_costs_of_their_words(words: list[list[str]], silences: list[bool]) -> None:
    """Words in pieces have the phones (with positions in the word), the silences and the costs of whole words."""
    pieces = [[f"▁{first}", *rest] for first, *rest in words]
    units = sorted({piece for word in pieces for piece in word})
    marked = [
        variant
        for unit in units
        for variant in mark_positions(Pronunciation(unit, tuple(unit.removeprefix("▁"))), place_of(unit, ()))
    ]
    table = SymbolTable.from_symbols(units)
    phones = SymbolTable.from_symbols(["SIL", *(f"{phone}_{place}" for phone in "atu" for place in "BEIS")])
    fst = lexicon_fst([entry for entry, _ in marked], phones, table, SILENCE, [place for _, place in marked])
    said = []
    for number, word in enumerate(words):
        ((whole, _),) = mark_positions(Pronunciation("w", tuple("".join(word))), WHOLE_WORD)
        said += ["SIL"] * silences[number] + list(whole.phones)
    said += ["SIL"] * silences[len(words)]
    way = best_way(fst, [phones.id_of(phone) for phone in said])
    assert way is not None
    assert WordJoiner(()).join(map(table.symbol_of, way.outputs)) == ["".join(word) for word in words]
    chosen = silences[: len(words) + 1]
    assert way.cost == pytest.approx(-sum(math.log(0.4 if silence else 0.6) for silence in chosen), abs=1e-4)
