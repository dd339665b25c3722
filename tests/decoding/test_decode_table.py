"""Decoding a table in threads."""

from __future__ import annotations

import numpy as np
import pytest

from blasr.decoding.decode_table import decode_table
from blasr.decoding.lattice_decoder import LatticeDecoder
from blasr.errors import DataError
from blasr.io.fst import Fst
from blasr.lattices.determinization import determinize_lattice
from blasr.units import FloatArray

LOOP = Fst.from_arcs(0, [0.0], [0, 0], [1, 2], [1, 2], [0.5, 0.5], [0, 0])
DEAD_END = Fst.from_arcs(0, [np.inf, 0.0], [0], [1], [1], [0.5], [1])
TID_TO_PDF = np.array([-1, 0, 1], np.int32)


def utterances(count: int) -> list[tuple[str, FloatArray]]:
    generator = np.random.default_rng(0)
    return [(f"u{number}", generator.normal(-9, 3, (1 + number % 7, 2)).astype(np.float32)) for number in range(count)]


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_the_order_of_the_table(threads: int) -> None:
    items = utterances(50)
    results = list(decode_table(LatticeDecoder(LOOP, TID_TO_PDF), iter(items), threads))
    assert [(result.utterance, result.num_frames) for result in results] == [(name, len(m)) for name, m in items]
    for result, (_, matrix) in zip(results, items, strict=True):
        assert result.lattice is not None
        assert result.lattice.best_path().words.tolist() == (1 + matrix.argmax(axis=1)).tolist()


def test_threads_determinise_too() -> None:
    items = utterances(5)
    for result in decode_table(LatticeDecoder(LOOP, TID_TO_PDF), items, 2, determinize_lattice):
        assert result.lattice is not None and result.determinized is not None
        assert result.determinized.lattice.num_states > 0
    (plain,) = decode_table(LatticeDecoder(LOOP, TID_TO_PDF), items[:1])
    assert plain.determinized is None


def test_no_more_is_read_than_a_few_utterances_ahead() -> None:
    read = []

    def table() -> object:
        for item in utterances(50):
            read.append(item[0])
            yield item

    results = decode_table(LatticeDecoder(LOOP, TID_TO_PDF), table(), 2)  # type: ignore[arg-type]
    next(results)
    assert len(read) <= 6
    results.close()  # type: ignore[attr-defined]


def test_what_cannot_be_decoded_comes_without_a_lattice() -> None:
    items = [("long", np.zeros((3, 2), np.float32)), ("void", np.zeros((0, 2), np.float32))]
    long, void = decode_table(LatticeDecoder(DEAD_END, TID_TO_PDF), items)
    assert (long.lattice, long.num_frames, long.reason) == (None, 3, "without a path to the last frame")
    assert (void.lattice, void.num_frames, void.reason) == (None, 0, "without frames")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_not_finite_drops_the_utterance(value: float) -> None:
    bad = np.zeros((3, 2), np.float32)
    bad[1, 0] = value
    first, second = decode_table(LatticeDecoder(LOOP, TID_TO_PDF), [("bad", bad), ("good", np.zeros_like(bad))])
    assert first.lattice is None and first.reason == "with log-likelihoods that are not finite"
    assert first.error is not None and "row 1 (counted from 0)" in first.error.message
    assert second.lattice is not None


def test_an_utterance_that_appears_twice_is_refused() -> None:
    items = utterances(3)
    with pytest.raises(DataError, match="utterance u1: appears twice"):
        list(decode_table(LatticeDecoder(LOOP, TID_TO_PDF), [*items, items[1]]))
