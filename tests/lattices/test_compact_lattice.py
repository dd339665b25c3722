"""Compact lattices as state-level ones and back, and compact lattices that are not valid."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.lattices.compact_lattice import CompactLattice, check_compact
from blasr.lattices.compact_lattice_io import read_compact_lattices
from blasr.lattices.config import CostScales
from tests.golden_system import GoldenSystem
from tests.lattices.compact_lattices import make_compact


def test_the_state_level_form_has_kaldis_best_paths(golden: Path) -> None:
    """``lattice-best-path`` at LM weight 10; the transition-ids are one per frame."""
    folder = golden / "fsdd_tri1" / "connected"
    names = (golden / "fsdd_tri1" / "lang" / "words.txt").read_text().split()
    words = dict(zip(map(int, names[1::2]), names[::2], strict=True))
    expected = dict(line.split(maxsplit=1) for line in (folder / "best_path_lmwt10_wip0.txt").read_text().splitlines())
    for utterance, compact in read_compact_lattices(folder / "lat.ark"):
        lattice = compact.to_lattice()
        path = lattice.best_path(CostScales(acoustic_scale=0.1))
        assert [words[word] for word in path.words.tolist()] == expected[utterance].split()
        assert len(path.transition_ids) == lattice.num_frames
        again = CompactLattice.from_lattice(lattice)
        assert again.num_states <= compact.num_states + int(np.isfinite(compact.final_graph_cost).sum())
        path_again = again.to_lattice().best_path(CostScales(acoustic_scale=0.1))
        np.testing.assert_array_equal(path_again.transition_ids, path.transition_ids)
        assert path_again.graph_cost == pytest.approx(path.graph_cost, rel=1e-5)
        assert path_again.acoustic_cost == pytest.approx(path.acoustic_cost, rel=1e-5)


def test_the_decoders_lattices_as_compact_ones(system: GoldenSystem) -> None:
    for lattice in system.lattices.values():
        compact = CompactLattice.from_lattice(lattice)
        path, again = lattice.best_path(), compact.to_lattice().best_path()
        np.testing.assert_array_equal(path.transition_ids, again.transition_ids)
        np.testing.assert_array_equal(path.words, again.words)
        assert path.acoustic_cost == pytest.approx(again.acoustic_cost, rel=1e-5)


def test_what_is_not_valid_is_refused() -> None:
    lattice = make_compact([(0, 1, 1, 0.5, 1.0, [3, 4])], {1: 0.0}, 2)
    check_compact(lattice)
    for change, message in (
        ({"start": 2}, "the start state is 2 of 2"),
        ({"nextstate": np.array([2], np.int32)}, "not among the 2"),
        ({"words": np.array([-1], np.int32)}, "a label is negative"),
        ({"graph_cost": np.array([np.nan], np.float32)}, "not a number"),
    ):
        with pytest.raises(DataError, match=message):
            check_compact(replace(lattice, **change))
