"""ShuffleNetV2 (Ma et al. 2018) and its big-little form (section A.5 and Table 9 of the paper) as rows of data.

The paper does not give the structure of the big-little form. Of the structures that its general rules allow, the one
here is the nearest to the published parameters and multiply-accumulates. The first two stages branch after their unit
with stride 2, which serves as the transition. The big branch averages 3x3 with stride 2 and has all remaining units of
the stage (3 and 7). The little branch has the first 1/alpha of the channels, max(1, units/beta - 1) units, and a 1x1
convolution that widens it. This gives 2.33 M and 7.62 M parameters; the paper has 2.33 M and 7.60 M. MACs at 256 x 256
are 3 to 4% above the published ones. At 1.5 times the width the paper has 4.80 M parameters. No structure fits that and
the other two, which add 0.03 M and 0.20 M to the plain networks; the plain network has 3.51 M.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from blasr.errors import ConfigError
from blasr.vision.specs import Branch, ConvSpec, ModuleSpec, NetworkSpec, PoolSpec, ShuffleSpec, SplitSpec

UNITS: Final = (4, 8, 4)
"""Units of each stage; the first unit has the stride."""

BRANCHED_STAGES: Final = (1, 2)

STEM_CHANNELS: Final = 24


@dataclass(frozen=True)
class ShuffleVariant:
    """One row of Table 9.

    Attributes:
        name: such as ``bl_shufflenet_v2_x1_0``.
        channels: channels of the three stages and of the last convolution.
        alpha: the little branch has 1/alpha of the channels.
        beta: the little branch has 1/beta of the units.
        scales: 2 for the big-little form, 1 for the plain one.

    Raises:
        ConfigError: alpha does not divide the channels.
    """

    name: str
    channels: tuple[int, int, int, int]
    alpha: int = 1
    beta: int = 1
    scales: int = 1

    def __post_init__(self) -> None:
        for channels in self.channels[:2]:
            if self.alpha < 1 or self.beta < 1 or (channels % (2 * self.alpha) and self.big_little):
                raise ConfigError(
                    f"alpha {self.alpha} does not divide the {channels} channels of {self.name} into an even number",
                    fix="choose alpha 2",
                )

    @property
    def big_little(self) -> bool:
        """Whether the network has branches."""
        return self.scales > 1


def _rows() -> Iterator[ShuffleVariant]:
    for name, channels in (
        ("x1_0", (116, 232, 464, 1024)),
        ("x1_5", (176, 352, 704, 1024)),
        ("x2_0", (244, 488, 976, 2048)),
    ):
        yield ShuffleVariant(f"shufflenet_v2_{name}", channels)
        yield ShuffleVariant(f"bl_shufflenet_v2_{name}", channels, alpha=2, beta=2, scales=2)


SHUFFLE_VARIANTS: Final = {row.name: row for row in _rows()}
"""ShuffleNetV2, plain and big-little, by name."""


def network_spec(variant: ShuffleVariant, width: float = 1.0) -> NetworkSpec:
    """Return the network of ``variant``; ``width`` multiplies its channel counts, rounded to multiples of 2 alpha."""
    multiple = 2 * variant.alpha
    stem, *stages, last = (
        multiple * max(1, round(channels * width / multiple)) for channels in (STEM_CHANNELS, *variant.channels)
    )
    modules = [ModuleSpec("stage0", stem, ((PoolSpec(stem),),), transition=ShuffleSpec(stages[0], stride=2))]
    for stage, (channels, units) in enumerate(zip(stages, UNITS, strict=True), 1):
        branches: tuple[Branch, ...] = ((ShuffleSpec(channels),) * (units - 1),)
        if variant.big_little and stage in BRANCHED_STAGES:
            branches = _branches(variant, channels, units - 1)
        following = ShuffleSpec(stages[stage], stride=2) if stage < len(stages) else ConvSpec(last, 1)
        modules.append(ModuleSpec(f"stage{stage}", channels, branches, transition=following))
    return NetworkSpec(ConvSpec(stem, 3, stride=2), tuple(modules))


def _branches(variant: ShuffleVariant, channels: int, units: int) -> tuple[Branch, Branch]:
    own = channels // variant.alpha
    big: Branch = (PoolSpec(channels, kind="mean"), *(ShuffleSpec(channels),) * units)
    little: Branch = (SplitSpec(own), *(ShuffleSpec(own),) * max(1, units // variant.beta - 1))
    return big, little
