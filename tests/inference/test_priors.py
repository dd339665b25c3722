"""Priors: a distribution without zeros."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blasr.errors import ConfigError, DataError, FormatError
from blasr.inference import PriorConfig, Priors

COUNTS = st.lists(st.integers(0, 10**7), min_size=1, max_size=200).filter(any)


@given(COUNTS, st.floats(0, 10), st.floats(1e-6, 1))
def test_priors_sum_to_one_and_keep_the_floor(counts: list[int], smoothing: float, floor: float) -> None:
    priors = Priors.from_counts(np.array(counts), PriorConfig(smoothing, floor), "ali")
    assert priors.probabilities.sum() == pytest.approx(1.0, abs=1e-9)
    assert priors.probabilities.min() >= priors.floor * (1 - 1e-9)
    assert np.isfinite(priors.log).all()
    order = np.argsort(counts, kind="stable")
    assert np.all(np.diff(priors.probabilities[order]) >= -1e-12)


def test_a_pdf_never_seen_gets_the_floor() -> None:
    priors = Priors.from_counts(np.array([600, 400, 0, 0]), PriorConfig(smoothing=0.0, floor=0.02), "ali")
    assert priors.probabilities.tolist() == pytest.approx([0.6 * 0.99, 0.4 * 0.99, 0.005, 0.005])
    assert priors.num_floored == 2


def test_making_room_can_push_others_below_the_floor() -> None:
    priors = Priors.from_counts(np.array([0, 0, 300, 700]), PriorConfig(smoothing=0.0, floor=1.0), "ali")
    assert priors.probabilities.tolist() == [0.25] * 4


def test_frequencies_are_kept_where_nothing_is_floored() -> None:
    priors = Priors.from_counts(np.array([9, 0]), PriorConfig(smoothing=0.5), "ali")
    assert priors.probabilities.tolist() == pytest.approx([0.95, 0.05])


def test_round_trip_is_exact(tmp_path: Path) -> None:
    priors = Priors.from_counts(np.array([123, 4567, 0]), PriorConfig(), "exp/tri_ali")
    priors.write(tmp_path)
    again = Priors.read(tmp_path)
    np.testing.assert_array_equal(again.probabilities, priors.probabilities)
    np.testing.assert_array_equal(again.counts, priors.counts)
    assert (again.floor, again.num_floored, again.source) == (priors.floor, priors.num_floored, "exp/tri_ali")


def test_the_vector_is_kaldis_text(tmp_path: Path) -> None:
    Priors.from_counts(np.array([1, 1]), PriorConfig(), "ali").write(tmp_path)
    assert (tmp_path / "priors.vec").read_text() == " [ 0.5 0.5 ]\n"


@pytest.mark.parametrize("text", ["", "0.5 0.5", " [ 0.5 x ]\n", " [ 0.5 ]\n", " [ 1.5 -0.5 ]\n"])
def test_broken_files_are_refused(tmp_path: Path, text: str) -> None:
    Priors.from_counts(np.array([1, 1]), PriorConfig(), "ali").write(tmp_path)
    (tmp_path / "priors.vec").write_text(text)
    with pytest.raises(FormatError, match="priors"):
        Priors.read(tmp_path)


def test_nothing_counted_is_refused() -> None:
    with pytest.raises(DataError, match="no frame"):
        Priors.from_counts(np.zeros(3, np.int64), PriorConfig(), "ali")


def test_impossible_configurations_are_refused() -> None:
    with pytest.raises(ConfigError):
        PriorConfig(floor=0.0)
    with pytest.raises(ConfigError):
        PriorConfig(smoothing=-1.0)
