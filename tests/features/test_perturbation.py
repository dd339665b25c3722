"""The value of a perturbation: rounding, refusals, and its voice."""

from __future__ import annotations

import pytest

from blasr.errors import ConfigError
from blasr.features.perturbation import UNCHANGED, Perturbation, check_speed


def test_speed_and_warp_are_rounded_to_hundredths() -> None:
    assert Perturbation(0.90000001, 1.0999, 3.14159) == Perturbation(0.9, 1.1, 3.14159)
    assert len({Perturbation(1.001), UNCHANGED}) == 1


def test_a_gain_makes_no_other_voice() -> None:
    assert Perturbation(gain_db=-6.0).voice == UNCHANGED
    assert Perturbation(1.1, 0.9, 2.0).voice == Perturbation(1.1, 0.9)


@pytest.mark.parametrize("speed", [0.49, 2.01, 3.0, float("nan")])
def test_impossible_speeds_are_refused(speed: float) -> None:
    with pytest.raises(ConfigError, match=f"found a speed of {speed}, expected 0.5 to 2"):
        Perturbation(speed)
    with pytest.raises(ConfigError, match="found a speed of"):
        check_speed(speed)
