"""Best paths at other scales than the search's."""

from __future__ import annotations

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.lattices.config import CostScales
from blasr.lattices.lattice import Lattice
from tests.golden_system import GoldenSystem


def two_ways() -> Lattice:
    """One frame; two words of low acoustic cost against one word of low graph cost."""
    return Lattice(
        offsets=np.array([0, 2, 3, 3], np.int64),
        ilabel=np.array([1, 2, 0], np.int32),
        olabel=np.array([10, 11, 12], np.int32),
        nextstate=np.array([1, 2, 2], np.int32),
        graph_cost=np.array([2, 4, 3], np.float32),
        acoustic_cost=np.array([10, 30, 0], np.float32),
        final_graph_cost=np.array([np.inf, np.inf, 1], np.float32),
        final_acoustic_cost=np.array([np.inf, np.inf, 0.5], np.float32),
        state_times=np.array([0, 1, 1], np.int32),
    )


@pytest.mark.parametrize(
    ("lm_scale", "acoustic_scale", "penalty", "words"),
    [
        (1.0, 0.1, 0.0, [10, 12]),  # 5 + 1 against 4 + 3
        (1.0, 0.04, 0.0, [11]),  # 5 + 0.4 against 4 + 1.2
        (1.0, 0.1, 1.5, [11]),  # 6 + 3 against 7 + 1.5
        (3.0, 0.1, 0.0, [11]),  # 15 + 1 against 12 + 3
    ],
)
def test_scales_and_penalty_choose_the_path(
    lm_scale: float, acoustic_scale: float, penalty: float, words: list[int]
) -> None:
    assert two_ways().best_path(CostScales(lm_scale, acoustic_scale, penalty)).words.tolist() == words


def test_a_path_tells_its_costs_unscaled() -> None:
    path = two_ways().best_path(CostScales(acoustic_scale=0.1, word_insertion_penalty=0.5))
    assert (path.graph_cost, path.acoustic_cost) == (6.0, 10.5)
    assert path.transition_ids.tolist() == [1]
    assert path.word_frames.tolist() == [0, 1]


def test_no_way_to_a_final_state_is_told() -> None:
    lattice = two_ways()
    lattice.final_graph_cost[:] = np.inf
    with pytest.raises(DataError, match="no path to a final state"):
        lattice.best_path()


@pytest.mark.parametrize(("penalty", "others"), [(0, {"nicolas-conn03", "yweweler-conn02"}), (2, {"yweweler-conn02"})])
def test_words_at_twice_the_weight(system: GoldenSystem, penalty: int, others: set[str]) -> None:
    """LM weight 20: Kaldi's best paths, or cheaper ones that its determinized lattices had lost.

    Determinization keeps, of each word sequence, only the alignment that is best at the scale of the search, and prunes
    once more. Where the state-level lattice knows a path of lower cost at the new scale, that is the best path.
    """
    expected = system.text(f"best_path_lmwt20_wip{penalty}.txt")
    kaldi_costs = {"nicolas-conn03": 1359.1555, "yweweler-conn02": 1551.95868 + 6 * penalty}  # from lat_compact.txt
    differing = set()
    for utterance, lattice in system.lattices.items():
        path = lattice.best_path(CostScales(acoustic_scale=1 / 20, word_insertion_penalty=penalty))
        if [system.words.symbol_of(word) for word in path.words.tolist()] != expected[utterance]:
            differing.add(utterance)
            cost = path.graph_cost + path.acoustic_cost / 20 + penalty * len(path.words)
            assert cost < kaldi_costs[utterance]
    assert differing == others
