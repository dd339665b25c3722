"""Which acoustic model to build, as a section of a configuration. Light: imports neither torch nor numpy."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import Final

from blasr.errors import ConfigError
from blasr.models.variants import VARIANTS, AcousticVariant

NUM_MEL_BINS: Final = 64
"""Mel bins F of a network input."""


@dataclass(frozen=True)
class AcousticModelConfig:
    """An acoustic model without its number of outputs, which the tree decides.

    Args:
        name: a variant of Table 3, such as ``bl_resnet22_a2b3``.
        width: multiplies the channel counts; see :func:`blasr.models.variants.stage_specs` for the rounding.

    Raises:
        ConfigError: the name is unknown (the nearest one is suggested), or the width is not above 0.
    """

    name: str
    width: float = 1.0

    def __post_init__(self) -> None:
        if self.name not in VARIANTS:
            nearest = difflib.get_close_matches(self.name, VARIANTS, n=1, cutoff=0.4)
            raise ConfigError(
                f"unknown acoustic model {self.name!r}, expected one of {', '.join(VARIANTS)}",
                fix=f"did you mean {nearest[0]}?" if nearest else "choose one of these names",
            )
        if not (math.isfinite(self.width) and self.width > 0):
            raise ConfigError(f"found width {self.width}, expected a number above 0", fix="1.0 is the paper's width")

    @property
    def variant(self) -> AcousticVariant:
        """The row of Table 3."""
        return VARIANTS[self.name]
