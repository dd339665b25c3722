"""The options of the search. Light: a command-line parser may import this module."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

from blasr.errors import ConfigError

_PRUNE_SCALE: Final = 0.1
"""Changes of extra costs below this share of the lattice beam are propagated only at the end."""


class SearchBeams(NamedTuple):
    """A :class:`DecoderConfig` in the types that the compiled search expects: float64 and int64."""

    acoustic_scale: float
    beam: float
    max_active: int
    min_active: int
    lattice_beam: float
    beam_delta: float
    prune_interval: int
    prune_delta: float


@dataclass(frozen=True, slots=True)
class DecoderConfig:
    """Kaldi's options of the same names (``LatticeFasterDecoderConfig``).

    Args:
        beam: a state whose cost exceeds the best one's by more is pruned.
        max_active: the largest number of active states in a frame.
        min_active: the smallest number of active states in a frame, whatever the beam.
        lattice_beam: arcs of the lattice on paths that cost more than the best path plus this are pruned.
        acoustic_scale: factor of the log-likelihoods.
        beam_delta: added to the beam that ``max_active`` or ``min_active`` gives for the next frame.
        prune_interval: frames between two prunings of the lattice.

    Raises:
        ConfigError: a number is out of range.
    """

    beam: float = 13.0
    max_active: int = 7000
    min_active: int = 200
    lattice_beam: float = 6.0
    acoustic_scale: float = 0.1
    beam_delta: float = 0.5
    prune_interval: int = 25

    def __post_init__(self) -> None:
        for name in ("beam", "lattice_beam", "acoustic_scale", "beam_delta"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected a number above 0")
        if not math.isfinite(self.acoustic_scale):
            raise ConfigError(f"acoustic_scale is {self.acoustic_scale}, expected a finite number")
        if self.max_active < 2 or not 0 <= self.min_active <= self.max_active or self.prune_interval < 1:
            raise ConfigError(
                f"max_active is {self.max_active}, min_active {self.min_active}, prune_interval {self.prune_interval}; "
                "expected 2 or more, from 0 to max_active, and 1 or more"
            )

    def beams(self) -> SearchBeams:
        """Return the options as exact floats and integers; numba would compile the search again for other types."""
        return SearchBeams(
            acoustic_scale=float(self.acoustic_scale),
            beam=float(self.beam),
            max_active=int(self.max_active),
            min_active=int(self.min_active),
            lattice_beam=float(self.lattice_beam),
            beam_delta=float(self.beam_delta),
            prune_interval=int(self.prune_interval),
            prune_delta=float(self.lattice_beam) * _PRUNE_SCALE,
        )
