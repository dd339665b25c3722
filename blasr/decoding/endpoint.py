"""When an utterance is over: the rules of Kaldi's ``online2/online-endpoint.h``. Light, without numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from blasr.errors import ConfigError


@dataclass(frozen=True, slots=True)
class EndpointRule:
    """An utterance ends when all conditions of a rule hold (``OnlineEndpointRule``).

    Attributes:
        must_contain_nonsilence: there has been something else than silence.
        min_trailing_silence: the silence at the end of the best path, in seconds.
        max_relative_cost: how much worse than the best path the best one may be that ends here; infinity where even a
            path that cannot end will do.
        min_utterance_length: the length of the utterance so far, in seconds.
    """

    must_contain_nonsilence: bool = True
    min_trailing_silence: float = 1.0
    max_relative_cost: float = math.inf
    min_utterance_length: float = 0.0

    def __post_init__(self) -> None:
        for name in ("min_trailing_silence", "max_relative_cost", "min_utterance_length"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected 0 or more")

    def holds(self, state: SearchEnd) -> bool:
        """Return whether the rule ends the utterance."""
        return (
            (state.contains_nonsilence or not self.must_contain_nonsilence)
            and state.trailing_silence >= self.min_trailing_silence
            and state.relative_cost <= self.max_relative_cost
            and state.utterance_length >= self.min_utterance_length
        )


@dataclass(frozen=True, slots=True)
class SearchEnd:
    """What the rules look at: the end of the best path of an utterance that is still going on, times in seconds."""

    trailing_silence: float
    relative_cost: float
    utterance_length: float

    @property
    def contains_nonsilence(self) -> bool:
        """Whether there has been something else than silence."""
        return self.utterance_length > self.trailing_silence


KALDI_RULES: Final = (
    EndpointRule(False, 5.0, math.inf, 0.0),  # nothing was said for 5 s
    EndpointRule(True, 0.5, 2.0, 0.0),  # half a second of silence after what is probably the end of a sentence
    EndpointRule(True, 1.0, 8.0, 0.0),  # a second after what may be one
    EndpointRule(True, 2.0, math.inf, 0.0),  # two seconds after anything
    EndpointRule(False, 0.0, math.inf, 20.0),  # no utterance is longer than 20 s
)
"""The defaults of ``OnlineEndpointConfig``."""


def is_endpoint(state: SearchEnd, rules: Sequence[EndpointRule] = KALDI_RULES) -> bool:
    """Return whether one of the rules ends the utterance (``EndpointDetected``)."""
    return any(rule.holds(state) for rule in rules)
