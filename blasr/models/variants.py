"""The acoustic models as rows of data, and what a row means for each of the four stages.

The first seven are the paper's, appendix B.2 and Table 11: https://arxiv.org/abs/1807.03848. The others have the blocks
and the binary patterns of SEP-Nets: https://arxiv.org/abs/1706.03912. Light: imports no torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from blasr.nn.binarize_config import BinarizeConfig
from blasr.nn.choices import Merge, branch_names

STAGE_CHANNELS: Final = (64, 128, 256, 512)
"""Output channels of each stage; the stem has the first number, the head the last."""

RESNET_BLOCKS: Final = (3, 3, 3, 2)
"""Residual blocks of two convolutions in each stage without branches."""


@dataclass(frozen=True)
class AcousticVariant:
    """One row of Table 3, or one with parts of SEP-Nets.

    Attributes:
        name: as in the paper's table, such as ``bl_resnet22_a2b3``.
        alpha: each branch has 1/alpha of the channels of the next bigger branch.
        beta: each branch has 1/beta of the convolutions of the next bigger branch.
        merge: how the branches are merged.
        branches: number of branches in each stage; 1 is a plain ResNet stage.
        big_channels: channels of the big branch in each stage.
        pattern_residual: whether a 1x1 convolution is parallel to each 3x3 convolution of the residual blocks.
        binarize: the binary patterns that the network has; None in float.
        in_float: for a network with patterns, the name of the same network in float.
    """

    name: str
    alpha: int = 1
    beta: int = 1
    merge: Merge = "add"
    branches: tuple[int, int, int, int] = (2, 2, 2, 2)
    big_channels: tuple[int, int, int, int] = STAGE_CHANNELS
    pattern_residual: bool = False
    binarize: BinarizeConfig | None = None
    in_float: str = ""


_PAPER: Final = (
    AcousticVariant("resnet22", branches=(1, 1, 1, 1)),
    AcousticVariant("bl_resnet22_a4b1", alpha=4, beta=1),
    AcousticVariant("bl_resnet22_a4b2", alpha=4, beta=2),
    AcousticVariant("bl_resnet22_a4b3", alpha=4, beta=3),
    AcousticVariant("bl_resnet22_a2b3", alpha=2, beta=3, branches=(2, 2, 2, 1)),
    AcousticVariant("bl_resnet22_a4b1_cat", alpha=4, beta=1, merge="concat"),
    AcousticVariant("bl_pyr_resnet22_a4b1", alpha=4, beta=1, branches=(4, 3, 2, 1), big_channels=(256, 128, 256, 512)),
)


PATTERNS: Final = BinarizeConfig(("stem",))
"""The rows with patterns keep the stem in float: it reads the features, and has few weights."""


def _rows() -> Iterator[AcousticVariant]:
    yield from _PAPER
    sep = AcousticVariant("sep_resnet22", branches=(1, 1, 1, 1), pattern_residual=True)
    yield sep
    for row in (sep, *(row for row in _PAPER if row.name == "bl_resnet22_a2b3")):
        yield replace(row, name=f"{row.name}_b", binarize=PATTERNS, in_float=row.name)
        yield replace(row, name=f"{row.name}_bq", binarize=replace(PATTERNS, pointwise="int8"), in_float=row.name)


VARIANTS: Final = {row.name: row for row in _rows()}
"""The variants by name: those of Table 3 in its order, then those with parts of SEP-Nets.

``_b`` has binary patterns, ``_bq`` 8-bit 1x1 convolutions as well, like SEP-Net-B and SEP-Net-BQ.
"""


@dataclass(frozen=True)
class BranchSpec:
    """One branch.

    Attributes:
        channels: output channels of every convolution.
        blocks: number of convolutions of each residual block.
        stride: stride of the first convolution, in frequency.
    """

    channels: int
    blocks: tuple[int, ...]
    stride: int

    def __str__(self) -> str:
        stride = f", s{self.stride}" if self.stride > 1 else ""
        return f"3x3, {self.channels}{stride}, blocks of {'+'.join(map(str, self.blocks))}"


@dataclass(frozen=True)
class StageSpec:
    """One stage.

    Attributes:
        channels: output channels.
        branches: from big to little; a single one is a plain stage.
        merge: how the branches are merged.
        transition: whether a residual block of one convolution with stride 2 in frequency follows.
    """

    channels: int
    branches: tuple[BranchSpec, ...]
    merge: Merge
    transition: bool

    def __str__(self) -> str:
        if len(self.branches) == 1:
            return str(self.branches[0])
        names = branch_names(len(self.branches))
        return "; ".join(f"{name}: {branch}" for name, branch in zip(names, self.branches, strict=True))


def scaled(channels: int, width: float, multiple: int) -> int:
    """Return ``channels * width``, rounded to a multiple of ``multiple`` and at least that."""
    return multiple * max(1, round(channels * width / multiple))


def stage_specs(variant: AcousticVariant, width: float = 1.0) -> tuple[StageSpec, ...]:
    """Return the four stages of ``variant``.

    ``width`` multiplies every channel count of the network except those of the input and the output. The channels of
    the big branch of a stage with K branches are rounded to a multiple of alpha^(K - 1), so that each branch has
    exactly 1/alpha of the channels of the branch before. The channels of the stage are rounded in the same way if its
    big branch has as many.
    """
    return tuple(_stage_spec(variant, index, width) for index in range(len(STAGE_CHANNELS)))


def _stage_spec(variant: AcousticVariant, index: int, width: float) -> StageSpec:
    count = variant.branches[index]
    multiple = variant.alpha ** (count - 1)
    channels, big = STAGE_CHANNELS[index], variant.big_channels[index]
    out = scaled(channels, width, multiple if big == channels else 1)
    if count == 1:
        follows_transition = index > 0 and variant.branches[index - 1] > 1
        stride = 1 if index == 0 or follows_transition else 2
        plain = BranchSpec(out, (2,) * RESNET_BLOCKS[index], stride)
        return StageSpec(out, (plain,), variant.merge, transition=False)
    last = index == len(STAGE_CHANNELS) - 1
    depth = 2 * RESNET_BLOCKS[index] - (0 if last else 1)  # one convolution has moved to the transition
    branches = tuple(
        BranchSpec(
            scaled(big, width, multiple) // variant.alpha**branch,
            _blocks(math.ceil(depth / variant.beta**branch)),
            stride=2 ** (count - 1 - branch),
        )
        for branch in range(count)
    )
    return StageSpec(out, branches, variant.merge, transition=not last)


def _blocks(depth: int) -> tuple[int, ...]:
    """Return ``depth`` convolutions in residual blocks of two; if ``depth`` is odd, the last block has one."""
    return (2,) * (depth // 2) + (1,) * (depth % 2)
