"""The modules of the network that a row in the table of variants describes. Light: imports no torch.

Where the paper's text leaves a choice, its published parameters and multiply-accumulates decide:

- A shortcut with a stride is pooled before its 1x1 convolution, as in the authors' release.
- Low resolution: the stem of a big-little network with its big branch only (3x3 with stride 2, then 1x1), then the
  maximum pooling and the stages of ResNet, all at half the resolution.
- Fewer merges: with two merges, those after the stem and the second stage are left out; with one, only the merge after
  the third stage is left. A branch without a merge has every block of its stage (there is no shared one). Its next
  stage's first block takes the stride of the transition. In the stem, it keeps the 1x1 that widens the little branch.
- Seven merges: the second stage is split into two modules, the third into three, each with its own fusion block.
- Concatenation: each branch has half of the channels and nothing widens them, in the stem as well.
- Three scales: a big-little module of the middle and the little branch takes the place of the little branch. So the
  little branch is widened to the channels of the middle one, and their merge to the channels of the stage. The stem
  keeps half of the image's resolution for the third scale. The transition after the first stage has a stride of 4 and
  ends that. The big branches run at ResNet's resolutions for a quarter of the image.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import lcm

from blasr.vision.specs import BlockSpec, Branch, ConvSpec, Layer, ModuleSpec, NetworkSpec, PoolSpec
from blasr.vision.variants import PLANES, ImageVariant

EXPANSION = 4
"""Output channels of a ResNet block for each channel of its 3x3 convolution."""

SQUEEZE = 16
"""Channels of a block for each reduced channel of squeeze-and-excitation."""

STAGE_STRIDES = (1, 1, 2, 2, 2)
"""Stride at the start of each stage, starting with the stem, if no transition has it."""

TRANSITION_STRIDES = {2: (1, 2, 2, 1), 3: (1, 4, 2, 1)}
"""For each number of scales, the stride of the transition after the stem and after each branched stage."""


def network_spec(variant: ImageVariant, width: float = 1.0) -> NetworkSpec:
    """Return the network of ``variant``.

    ``width`` multiplies every channel count of the network except those of the input and the output. The products are
    rounded so that every branch and every group has a whole number of channels.
    """
    layout = Layout(variant, width)
    modules = tuple((_big_little if variant.big_little else _plain)(layout))
    return NetworkSpec(ConvSpec(layout.planes[0], 7, stride=2), modules)


class Layout:
    """The numbers of channels of a variant's layers at a width."""

    def __init__(self, variant: ImageVariant, width: float) -> None:
        self.variant = variant
        shares = lcm(*(variant.share(scale).denominator for scale in range(variant.scales)))
        multiple = lcm(shares, PLANES[0] // variant.group_width)
        self.planes = tuple(multiple * max(1, round(planes * width / multiple)) for planes in PLANES)

    def channels(self, stage: int, scale: int = 0, whole: bool = False) -> int:
        """Return the output channels of a branch (or of the whole module) of ``stage``; stage 0 is the stem."""
        planes = self.planes[0] if stage == 0 else EXPANSION * self.planes[stage - 1]
        return planes if whole else int(planes * self.variant.share(scale))

    def block(
        self,
        stage: int,
        stride: int = 1,
        *,
        scale: int = 0,
        whole: bool = False,
        relu: bool = True,
    ) -> BlockSpec:
        """Return a block of ``stage`` in the branch ``scale``, or one that is not in a branch (``whole``)."""
        variant = self.variant
        channels = self.channels(stage, scale, whole)
        groups = variant.groups if whole or variant.groups == 1 else int(variant.groups * variant.share(scale))
        inner = channels * variant.group_width * variant.groups // (EXPANSION * PLANES[0])
        return BlockSpec(
            channels,
            inner,
            groups,
            channels // SQUEEZE if variant.gated else 0,
            stride,
            "pooled" if variant.big_little else "strided",
            relu,
        )

    def stage(self, stage: int) -> Branch:
        """Return all blocks of a stage without branches."""
        first = self.block(stage, STAGE_STRIDES[stage], whole=True)
        return (first, *(self.block(stage, whole=True) for _ in range(self.variant.blocks[stage - 1] - 1)))


def _plain(layout: Layout) -> Iterator[ModuleSpec]:
    stem = layout.channels(0, whole=True)
    low = (ConvSpec(stem, 3, stride=2), ConvSpec(stem, 1)) if layout.variant.low_resolution else ()
    yield ModuleSpec("stage0", stem, ((*low, PoolSpec(stem)),))
    for stage in range(1, 5):
        yield ModuleSpec(f"stage{stage}", layout.channels(stage, whole=True), (layout.stage(stage),))


def _big_little(layout: Layout) -> Iterator[ModuleSpec]:
    variant = layout.variant
    for span in variant.joined:
        last = span[-1]
        blocks = variant.blocks[last - 1] if last else 0
        splits = variant.splits[last - 1] if last else 1
        for part in range(splits):
            suffix = "abcdefgh"[part] if splits > 1 else ""
            size = blocks // splits + (part < blocks % splits)
            yield ModuleSpec(
                f"stage{last}{suffix}",
                layout.channels(last, whole=True),
                tuple(_branch(layout, span, scale, size) for scale in range(variant.scales)),
                variant.merge,
                _transition(layout, last, TRANSITION_STRIDES[variant.scales][last] if part == splits - 1 else 1),
            )
    yield ModuleSpec("stage4", layout.channels(4, whole=True), (layout.stage(4),))


def _transition(layout: Layout, stage: int, stride: int) -> Layer:
    if stage == 0:
        return ConvSpec(layout.channels(0, whole=True), 1)
    return layout.block(stage, stride, whole=True)


def _branch(layout: Layout, span: tuple[int, ...], scale: int, blocks: int) -> Branch:
    """Return the layers of one branch over the stages of ``span``.

    The last of these stages has ``blocks`` blocks, including its transition.
    """
    variant = layout.variant
    layers: list[Layer] = []
    for stage in span:
        merged = stage == span[-1]
        if stage == 0:
            layers += _stem_branch(layout, scale, merged)
            continue
        first = stage == max(span[0], 1)
        strides = [2] * _halvings(variant, stage, scale) if first else [STAGE_STRIDES[stage]]
        # After a merge, the last block is the transition, which the branches share.
        branch_blocks = (blocks if merged else variant.blocks[stage - 1]) // variant.beta**scale - (1 if merged else 0)
        strides += [1] * (max(1, branch_blocks) - len(strides))
        for index, stride in enumerate(strides, 1):
            # The release has no ReLU between the last of several blocks of the big branch and the merge.
            relu = not (merged and scale == 0 and 1 < len(strides) == index)
            layers.append(layout.block(stage, stride, scale=scale, relu=relu))
    return tuple(layers)


def _halvings(variant: ImageVariant, stage: int, scale: int) -> int:
    """Return how often a branch halves the resolution of its module's input."""
    return variant.scales - 1 - scale + (1 if variant.scales == 3 and stage == 1 and scale == 0 else 0)


def _stem_branch(layout: Layout, scale: int, merged: bool) -> list[Layer]:
    whole, channels = layout.channels(0, whole=True), layout.channels(0, scale)
    if scale == 0:
        return [ConvSpec(channels, 3, stride=2, relu=not merged)]
    stride = 2 if layout.variant.scales == 2 else 1
    return [ConvSpec(channels, 3), ConvSpec(channels, 3, stride=stride), *([] if merged else [ConvSpec(whole, 1)])]
