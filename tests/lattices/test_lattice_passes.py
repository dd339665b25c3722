"""Passes over the arcs of state-level lattices by hand."""

from __future__ import annotations

import numpy as np

from blasr.lattices.lattice_passes import WeightedArcs, best_arcs, frame_times, topological_ranks

OFFSETS = np.array([0, 2, 3, 3], np.int64)
TARGETS = np.array([1, 2, 2], np.int32)  # 0 -> 1, 0 -> 2, 1 -> 2


def test_the_penalty_counts_for_every_word() -> None:
    one_word, two_words = [1], [0, 2]
    arrays = WeightedArcs(
        offsets=OFFSETS,
        olabel=np.array([5, 6, 7], np.int32),
        nextstate=TARGETS,
        graph_cost=np.array([1.0, 3.0, 1.0], np.float32),
        acoustic_cost=np.zeros(3, np.float32),
        final_graph_cost=np.array([np.inf, np.inf, 0.0], np.float32),
        final_acoustic_cost=np.array([np.inf, np.inf, 0.0], np.float32),
    )
    for penalty, expected in ((0.0, two_words), (0.5, two_words), (1.5, one_word)):
        end, arcs = best_arcs(arrays, 1.0, 0.1, penalty)
        assert end == 2 and arcs.tolist() == expected
    nowhere = np.full(3, np.inf, np.float32)
    end, arcs = best_arcs(arrays._replace(final_graph_cost=nowhere), 1.0, 0.1, 0.0)
    assert end == -1 and arcs.tolist() == []


def test_ranks_follow_the_arcs_from_the_start() -> None:
    # 2 -> 0 -> 1
    offsets, targets = np.array([0, 1, 1, 2], np.int64), np.array([1, 0], np.int64)
    assert topological_ranks(2, offsets, targets).tolist() == [1, 2, 0]
    assert topological_ranks(0, offsets, targets).tolist() == [-1, -1, -1]  # an arc enters the start
    cycle = np.array([0, 1, 2], np.int64), np.array([1, 0], np.int64)
    assert topological_ranks(0, *cycle).tolist() == [-1, -1]


def test_frames_before_states() -> None:
    assert frame_times(OFFSETS, np.array([4, 4, 0], np.int32), TARGETS).tolist() == [0, 1, 1]
    assert frame_times(OFFSETS, np.array([4, 4, 4], np.int32), TARGETS).tolist() == [0, 1, -1]
