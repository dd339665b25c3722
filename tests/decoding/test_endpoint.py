"""Kaldi's rules of endpoints, one by one."""

from __future__ import annotations

import math

import pytest

from blasr.decoding.endpoint import KALDI_RULES, EndpointRule, SearchEnd, is_endpoint
from blasr.errors import ConfigError


@pytest.mark.parametrize(
    ("silence", "cost", "length", "ends"),
    [
        (4.9, math.inf, 4.9, False),  # nothing was said for less than 5 s
        (5.0, math.inf, 5.0, True),
        (0.5, 2.0, 3.0, True),  # rule 2
        (0.4, 0.0, 3.0, False),
        (0.5, 2.1, 3.0, False),
        (0.5, 0.0, 0.5, False),  # only silence
        (1.0, 8.0, 3.0, True),  # rule 3
        (1.0, 8.1, 3.0, False),
        (2.0, math.inf, 3.0, True),  # rule 4
        (1.9, math.inf, 3.0, False),
        (0.0, math.inf, 20.0, True),  # rule 5
        (0.0, 0.0, 19.9, False),
    ],
)
def test_the_rules(silence: float, cost: float, length: float, ends: bool) -> None:
    assert is_endpoint(SearchEnd(silence, cost, length)) is ends


def test_other_rules() -> None:
    state = SearchEnd(trailing_silence=0.3, relative_cost=math.inf, utterance_length=2.0)
    assert not is_endpoint(state, KALDI_RULES)
    assert is_endpoint(state, [EndpointRule(True, 0.3)])
    assert not is_endpoint(state, [])


def test_negative_times_are_refused() -> None:
    with pytest.raises(ConfigError, match="min_trailing_silence"):
        EndpointRule(min_trailing_silence=-1)
