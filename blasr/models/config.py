"""Which acoustic model to build, as a section of a configuration. Light: imports neither torch nor numpy."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, replace
from typing import Final

from blasr.errors import ConfigError
from blasr.models.variants import VARIANTS, AcousticVariant
from blasr.nn.binarize_config import BinarizeConfig

NUM_MEL_BINS: Final = 64
"""Mel bins F of a network input."""


@dataclass(frozen=True)
class AcousticModelConfig:
    """An acoustic model without its number of outputs, which the tree decides.

    Args:
        name: a variant, such as ``bl_resnet22_a2b3``.
        width: multiplies the channel counts; see :func:`blasr.models.variants.stage_specs` for the rounding.
        binarize: the binary patterns that the network has; by default those of the variant, which has none in float.

    Raises:
        ConfigError: the name is unknown (the nearest one is suggested), the width is not above 0, or patterns are given
            for a variant that has patterns.
    """

    name: str
    width: float = 1.0
    binarize: BinarizeConfig | None = None

    def __post_init__(self) -> None:
        if self.name not in VARIANTS:
            nearest = difflib.get_close_matches(self.name, VARIANTS, n=1, cutoff=0.4)
            raise ConfigError(
                f"unknown acoustic model {self.name!r}, expected one of {', '.join(VARIANTS)}",
                fix=f"did you mean {nearest[0]}?" if nearest else "choose one of these names",
            )
        if not (math.isfinite(self.width) and self.width > 0):
            raise ConfigError(f"found width {self.width}, expected a number above 0", fix="1.0 is the paper's width")
        if self.binarize is not None and self.variant.binarize is not None:
            fix = f"leave out binarize, or choose {self.variant.in_float}"
            raise ConfigError(f"{self.name} has binary patterns already, and binarize is given too", fix=fix)

    @property
    def variant(self) -> AcousticVariant:
        """The row of the table of variants."""
        return VARIANTS[self.name]

    @property
    def patterns(self) -> BinarizeConfig | None:
        """The binary patterns that the network has; None in float."""
        return self.binarize or self.variant.binarize

    @property
    def in_float(self) -> AcousticModelConfig:
        """The same network in float."""
        return replace(self, name=self.variant.in_float or self.name, binarize=None)
