"""The states of vector transducers in words of 4 bytes."""

from __future__ import annotations

import numpy as np

from blasr.io.vector_states import StatesSize, copy_states, measure_states

ONE, INFINITY = np.array([1, np.inf], np.float32).view(np.int32)
WORDS = np.array([INFINITY, 2, 0, 5, 6, ONE, 1, 7, 0, 0, 0, ONE, 0, 0], np.int32)


def test_states_are_measured_and_copied() -> None:
    assert measure_states(WORDS, 2) == measure_states(WORDS, -1) == StatesSize(2, 2, 11, 14, True)
    assert measure_states(WORDS, 1) == StatesSize(1, 2, 0, 11, True)
    unaligned = np.frombuffer(b"ab" + WORDS.tobytes(), np.int32, offset=2)
    for words in (WORDS, unaligned):
        offsets = np.empty(3, np.int64)
        ilabel, olabel, weight, nextstate, final = (np.empty(2, np.int32) for _ in range(5))
        copy_states(words, offsets, ilabel, olabel, weight, nextstate, final)
        assert offsets.tolist() == [0, 2, 2]
        assert (ilabel.tolist(), olabel.tolist(), nextstate.tolist()) == ([5, 7], [6, 0], [1, 0])
        assert weight.view(np.float32).tolist() == [1, 0] and final.view(np.float32).tolist() == [np.inf, 1]


def test_the_first_mistake_is_found() -> None:
    assert measure_states(WORDS[:13], 2) == StatesSize(2, 2, 11, 11, False)
    assert measure_states(WORDS[:10], 1) == StatesSize(1, 2, 0, 11, True)
    assert measure_states(WORDS, 3) == StatesSize(3, 2, 14, 14, False)
    corrupt = WORDS.copy()
    corrupt[12] = -1
    assert not measure_states(corrupt, 2).is_whole
    corrupt[12:] = 1, 1  # more arcs than a file can have
    assert not measure_states(corrupt, 2).is_whole
    corrupt[12:] = np.iinfo(np.int32).max, 0
    assert measure_states(corrupt, 2).end == 14 + 4 * np.iinfo(np.int32).max
