"""How a network's convolutions become binary patterns, as a section of a configuration. Light: imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from blasr.errors import ConfigError

PatternScale = Literal["filter", "global"]
"""Whether each filter has its own scale, or the whole network one constant."""

Signs = Literal["fixed", "trained"]
"""Whether a training leaves the signs of the patterns as they are."""

Pointwise = Literal["float", "int8", "patterns"]
"""How the weights of 1x1 convolutions are kept."""

STRIDED: Final = "strided"
"""The entry of ``keep`` that stands for every convolution with a stride that is not in the stem."""


@dataclass(frozen=True)
class BinarizeConfig:
    """The binarization of SEP-Nets (Li et al. 2017, arXiv 1706.03912); see :func:`blasr.nn.binarize`.

    Args:
        keep: what stays in float, besides 1x1 convolutions: names of modules or parts, such as ``stem`` or ``stage4``,
            and ``strided`` for the convolutions with a stride outside the stem.
        scale: "filter" multiplies each pattern by a scale of its own, the mean of its absolute weights, which is then
            trained; "global" by one constant for the network, which is fixed, as in the authors' release.
        pointwise: "float" leaves 1x1 convolutions and linear layers as they are (SEP-Net-B); "int8" keeps them with 8
            bits and a scale for each output channel (SEP-Net-BQ); "patterns" binarizes 1x1 convolutions too, which the
            paper advises against.
    """

    keep: tuple[str, ...] = ()
    scale: PatternScale = "filter"
    pointwise: Pointwise = "float"

    def keeps(self, name: str, stride: Sequence[int] = (1,)) -> bool:
        """Return whether the layer of a dotted name, such as ``stages.stem.conv``, stays in float."""
        dotted = f".{name}."
        if any(f".{entry}." in dotted for entry in self.keep):
            return True
        return STRIDED in self.keep and max(stride) > 1 and ".stem." not in dotted

    def __str__(self) -> str:
        kept = f", {' and '.join(self.keep)} in float" if self.keep else ""
        pointwise = {"float": "", "int8": ", 1x1 with 8 bits", "patterns": ", 1x1 too"}[self.pointwise]
        return f"binary patterns, one scale for {'each filter' if self.scale == 'filter' else 'all'}{pointwise}{kept}"


@dataclass(frozen=True)
class PatternStageConfig(BinarizeConfig):
    """A stage of training that makes binary patterns of a trained network.

    Args:
        signs: "fixed" takes the signs of the trained network and trains the rest, as the paper. "trained" trains the
            signs as well: the forward pass has binary weights, and the gradient changes floats behind them
            (:class:`blasr.nn.SignTrainingConv2d`). Scales are then always the means, one for each filter.

    Raises:
        ConfigError: signs cannot be trained with one constant, or with 8-bit 1x1 convolutions.
    """

    signs: Signs = "fixed"

    def __post_init__(self) -> None:
        if self.signs == "trained" and (self.scale == "global" or self.pointwise == "int8"):
            raise ConfigError(
                f"found signs trained with scale {self.scale} and pointwise {self.pointwise}",
                fix="choose scale filter and pointwise float; a later stage can make the 1x1 convolutions int8",
            )

    @property
    def patterns(self) -> BinarizeConfig:
        """The patterns that the network has in the end."""
        return BinarizeConfig(self.keep, self.scale, self.pointwise)
