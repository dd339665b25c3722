"""Scales and weights of costs, and the numbers that configurations refuse."""

from __future__ import annotations

import math

import pytest

from blasr.errors import ConfigError
from blasr.lattices.config import CostScales, DeterminizationConfig, PathWeights, describe_narrowed


def test_scaled_costs_by_hand() -> None:
    scales = CostScales(lm_scale=2.0, acoustic_scale=0.5, word_insertion_penalty=0.25)
    assert scales.cost(1.0, 3.0) == 3.5
    assert scales.cost(1.0, 3.0, word=7) == 3.75
    assert scales.cost(math.inf, math.inf) == math.inf


def test_the_lm_weight_divides_acoustic_costs() -> None:
    assert PathWeights(12.5, -0.5).scales == CostScales(1.0, 0.08, -0.5)
    assert str(PathWeights(12.5, -0.5)) == "LM weight 12.5, word insertion penalty -0.5"
    assert sorted([PathWeights(8, 1), PathWeights(7, 2), PathWeights(8)]) == [
        PathWeights(7, 2),
        PathWeights(8, 0),
        PathWeights(8, 1),
    ]


@pytest.mark.parametrize(("weight", "penalty"), [(0.0, 0.0), (-1.0, 0.0), (math.inf, 0.0), (10.0, math.nan)])
def test_weights_out_of_range_are_refused(weight: float, penalty: float) -> None:
    with pytest.raises(ConfigError, match="expected a weight above 0 and a finite penalty"):
        PathWeights(weight, penalty)


@pytest.mark.parametrize("wrong", [{"beam": 0.0}, {"acoustic_scale": 0.0}, {"delta": -1.0}])
def test_determinization_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="above 0"):
        DeterminizationConfig(**wrong)  # type: ignore[arg-type]


def test_determinization_needs_memory() -> None:
    with pytest.raises(ConfigError, match="max_memory is 0, expected a number of bytes above 0"):
        DeterminizationConfig(max_memory=0)


def test_narrowed_lattices_are_counted_and_the_narrowest_is_named() -> None:
    assert describe_narrowed({}, DeterminizationConfig()) is None
    assert describe_narrowed({"u1": 3.5, "u2": 2.25}, DeterminizationConfig()) == (
        "2 lattice(s) have a narrower beam than 6, since their determinization took 50 MB; "
        "the narrowest is 2.25, of utterance u2"
    )
