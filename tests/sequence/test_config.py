"""The values that a sequence criterion refuses."""

from __future__ import annotations

from typing import Any

import pytest

from blasr.errors import ConfigError
from blasr.sequence.config import PhoneLmConfig, SequenceConfig


@pytest.mark.parametrize(
    "values",
    [
        {"acoustic_scale": 0},
        {"prior_scale": -1},
        {"boost": -0.1},
        {"tolerance": -1},
        {"frame_weight": -1},
        {"leak": 1.0},
        {"leak": -0.1},
    ],
)
def test_values_out_of_range(values: dict[str, Any]) -> None:
    (name,) = values
    with pytest.raises(ConfigError, match=name):
        SequenceConfig(**values)


@pytest.mark.parametrize("values", [{"order": 1}, {"unpruned_order": 1}, {"unpruned_order": 5}, {"extra_states": -1}])
def test_phone_language_models_out_of_range(values: dict[str, Any]) -> None:
    (name,) = values
    with pytest.raises(ConfigError, match=name):
        PhoneLmConfig(**values)
