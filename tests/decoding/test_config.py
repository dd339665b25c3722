"""Options of the search: their types for numba, and what they refuse."""

from __future__ import annotations

import pytest

from blasr.decoding.config import DecoderConfig
from blasr.errors import ConfigError


def test_beams_have_the_types_that_the_search_was_compiled_for() -> None:
    beams = DecoderConfig(beam=8, lattice_beam=3, acoustic_scale=1).beams()
    assert [type(value) for value in beams] == [float, float, int, int, float, float, int, float]
    assert (beams.beam, beams.lattice_beam) == (8.0, 3.0)
    assert beams.prune_delta == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beam": 0.0}, "beam is 0.0, expected a number above 0"),
        ({"acoustic_scale": float("inf")}, "acoustic_scale is inf, expected a finite number"),
        ({"min_active": 8000}, "min_active 8000"),
        ({"prune_interval": 0}, "prune_interval 0"),
    ],
)
def test_a_number_out_of_its_range_is_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DecoderConfig(**options)  # type: ignore[arg-type]
