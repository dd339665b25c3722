"""How lattices are weighted and determinized. Light: a command-line parser may import this module."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from blasr.errors import ConfigError

MAX_PICTURED_STATES: Final = 150
"""The largest number of states of a lattice that a picture shows by default."""


@dataclass(frozen=True, slots=True)
class CostScales:
    """The factors of a lattice's costs: ``lm_scale * graph + acoustic_scale * acoustic`` and a penalty for each word.

    The same as Kaldi's ``lattice-scale --lm-scale --acoustic-scale`` and ``lattice-add-penalty``.

    Args:
        lm_scale: factor of graph costs.
        acoustic_scale: factor of acoustic costs.
        word_insertion_penalty: cost added for each word.
    """

    lm_scale: float = 1.0
    acoustic_scale: float = 0.1
    word_insertion_penalty: float = 0.0

    def cost(self, graph: float, acoustic: float, word: int = 0) -> float:
        """Return the scaled cost of an arc, or of a path's end if ``word`` is 0; infinite costs stay infinite."""
        total = self.lm_scale * graph + self.acoustic_scale * acoustic
        return total + self.word_insertion_penalty if word else total


@dataclass(frozen=True, slots=True, order=True)
class PathWeights:
    """What selects a lattice's best path.

    Args:
        lm_weight: the LM weight, which divides acoustic costs.
        word_insertion_penalty: cost added for each word.

    Raises:
        ConfigError: the LM weight is not a finite number above 0, or the penalty is not finite.
    """

    lm_weight: float
    word_insertion_penalty: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.lm_weight < math.inf or not math.isfinite(self.word_insertion_penalty):
            raise ConfigError(
                f"found lm_weight {self.lm_weight} and word_insertion_penalty {self.word_insertion_penalty}, "
                "expected a weight above 0 and a finite penalty"
            )

    def __str__(self) -> str:
        return f"LM weight {self.lm_weight:g}, word insertion penalty {self.word_insertion_penalty:g}"

    @property
    def scales(self) -> CostScales:
        """The same as factors of costs: an acoustic scale of 1 / (LM weight)."""
        return CostScales(1.0, 1 / self.lm_weight, self.word_insertion_penalty)


@dataclass(frozen=True, slots=True)
class DeterminizationConfig:
    """Kaldi's options of the same names (``DeterminizeLatticePhonePrunedOptions``).

    Attributes:
        beam: paths that cost more than the best path by more than this are dropped (``--lattice-beam``).
        acoustic_scale: the factor of acoustic costs when paths are compared.
        delta: costs that differ by less than this count as equal when two sets of states are compared.
        max_memory: bytes (``--max-mem``). When they are used up, determinization stops, with an effective beam below
            ``beam``. If less than half of the beam was reached, it is repeated on a pruned lattice.

    Raises:
        ConfigError: a number is out of its range.
    """

    beam: float = 6.0
    acoustic_scale: float = 0.1
    delta: float = 1 / 1024
    max_memory: int = 50_000_000

    def __post_init__(self) -> None:
        if not self.beam > 0 or not 0 < self.acoustic_scale < math.inf or not 0 < self.delta < 1:
            raise ConfigError(
                f"beam is {self.beam}, acoustic_scale {self.acoustic_scale}, delta {self.delta}; "
                "expected numbers above 0"
            )
        if self.max_memory < 1:
            raise ConfigError(f"max_memory is {self.max_memory}, expected a number of bytes above 0")


def describe_narrowed(reached: Mapping[str, float], config: DeterminizationConfig) -> str | None:
    """Return a warning about lattices whose determinization ran out of memory; None if there are none.

    Args:
        reached: the effective beams by utterance.
        config: the requested beam, and the limit.
    """
    if not reached:
        return None
    narrowest = min(reached, key=reached.__getitem__)
    return (
        f"{len(reached)} lattice(s) have a narrower beam than {config.beam:g}, since their determinization took "
        f"{config.max_memory / 1e6:g} MB; the narrowest is {reached[narrowest]:.4g}, of utterance {narrowest}"
    )
