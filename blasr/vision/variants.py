"""The image models as rows of data. Light: imports no torch.

Section 4.1 and appendix A of the paper, https://arxiv.org/abs/1807.03848.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Final

from blasr.errors import ConfigError
from blasr.nn.choices import Merge

PLANES: Final = (64, 128, 256, 512)
"""Channels of the 3x3 convolutions in ResNet's four stages; the stem has as many as the first."""


@dataclass(frozen=True)
class ImageVariant:
    """One row of Tables 1, 2 and 6 to 8.

    Attributes:
        blocks: residual blocks of each stage (Table 5 for the bL forms of 101 and 152 layers).
        groups: groups of the 3x3 convolutions (ResNeXt's cardinality).
        group_width: channels of one group in the first stage.
        gated: whether blocks have squeeze-and-excitation.
        alpha: each branch has 1/alpha of the channels of the next bigger branch.
        beta: each branch has 1/beta of the blocks of the next bigger branch.
        scales: branches of a big-little module, each at half the resolution of the next; 1 is a plain network.
        merge: how branches are merged. With ``concat``, the big branch has the channels that the others leave.
        joined: stages (0 is the stem) that each module spans, if branches are not merged after every stage.
        splits: number of big-little modules into which each of the three branched stages is split.
        low_resolution: whether a plain network runs at half the resolution after its stem.

    Raises:
        ConfigError: alpha does not divide the channels or the groups.
    """

    name: str
    blocks: tuple[int, int, int, int]
    groups: int = 1
    group_width: int = PLANES[0]
    gated: bool = False
    alpha: int = 1
    beta: int = 1
    scales: int = 1
    merge: Merge = "add"
    joined: tuple[tuple[int, ...], ...] = ((0,), (1,), (2,), (3,))
    splits: tuple[int, int, int] = (1, 1, 1)
    low_resolution: bool = False

    def __post_init__(self) -> None:
        if self.alpha < 1 or self.beta < 1 or (self.scales > 1 and self.merge == "concat" and self.alpha < 2):
            raise ConfigError(
                f"found alpha {self.alpha} and beta {self.beta} in {self.name}, expected at least 1",
                fix="choose alpha 2 or 4 and beta 2 or 4, as the paper; concatenation needs an alpha of at least 2",
            )
        for scale, (what, number) in product(range(self.scales), (("channels", PLANES[0]), ("groups", self.groups))):
            if number > 1 and (self.share(scale) * number).denominator > 1:
                raise ConfigError(
                    f"alpha {self.alpha} does not divide the {number} {what} of {self.name} into {self.scales} scales",
                    fix="choose a power of 2, such as 2 or 4",
                )

    @property
    def big_little(self) -> bool:
        """Whether the network has branches."""
        return self.scales > 1

    def share(self, scale: int) -> Fraction:
        """Return the share of a stage's channels in the branch number ``scale``; 0 is the big branch."""
        if scale == 0 and self.merge == "concat":
            return 1 - sum((self.share(other) for other in range(1, self.scales)), Fraction())
        return Fraction(1, self.alpha**scale)


def _rows() -> Iterator[ImageVariant]:
    plain = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
    balanced = {50: (3, 4, 6, 3), 101: (4, 8, 18, 3), 152: (5, 12, 30, 3)}
    for family, depths, groups, group_width, gated in (
        ("resnet{}", (50, 101, 152), 1, PLANES[0], False),
        ("resnext{}_32x4d", (50, 101), 32, 4, False),
        ("resnext{}_64x4d", (50, 101), 64, 4, False),
        ("seresnext{}_32x4d", (50, 101), 32, 4, True),
        ("seresnext{}_64x4d", (50, 101), 64, 4, True),
    ):
        for depth in depths:
            name = family.format(depth)
            yield ImageVariant(name, plain[depth], groups, group_width, gated)
            for alpha, beta in product((2, 4), repeat=2):
                bl_name = f"bl_{name}_a{alpha}b{beta}"
                yield ImageVariant(bl_name, balanced[depth], groups, group_width, gated, alpha, beta, scales=2)


def _table() -> dict[str, ImageVariant]:
    rows = {row.name: row for row in _rows()}
    bl50, bl101 = rows["bl_resnet50_a2b4"], rows["bl_resnet101_a2b4"]
    special = (
        replace(rows["resnet50"], name="resnet50_lowres", low_resolution=True),
        replace(rows["resnet101"], name="resnet101_lowres", low_resolution=True),
        replace(bl50, name="bl_resnet50_a2b4_concat", merge="concat"),
        replace(bl50, name="bl_resnet50_a2b4_k3", scales=3),
        replace(bl50, name="bl_resnet50_a2b4_m2", joined=((0, 1), (2, 3))),
        replace(bl50, name="bl_resnet50_a2b4_m1", joined=((0, 1, 2, 3),)),
        replace(bl101, name="bl_resnet101_a2b4_m7", splits=(1, 2, 3)),
    )
    return {**rows, **{row.name: row for row in special}}


RESNET_VARIANTS: Final = _table()
"""ResNet, ResNeXt and SEResNeXt, plain and big-little, by name."""
