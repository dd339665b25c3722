"""The structure of a network as data: layers, branches of layers, modules of branches. Light: imports no torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from blasr.nn.choices import Merge, Shortcut, branch_names


@dataclass(frozen=True)
class ConvSpec:
    """A convolution with batch norm, padded so that only the stride changes the size of the image."""

    channels: int
    kernel: int
    stride: int = 1
    relu: bool = True
    groups: int = 1

    def __str__(self) -> str:
        groups = f" in {self.groups} groups" if self.groups > 1 else ""
        return f"{self.kernel}x{self.kernel}, {self.channels}{groups}{_strided(self.stride)}"


@dataclass(frozen=True)
class BlockSpec:
    """A bottleneck block.

    Attributes:
        channels: output channels.
        inner: channels of its 3x3 convolution.
        groups: groups of its 3x3 convolution.
        squeeze: reduced channels of its squeeze-and-excitation; 0 for none.
        relu: whether ReLU follows its sum.
    """

    channels: int
    inner: int
    groups: int = 1
    squeeze: int = 0
    stride: int = 1
    shortcut: Shortcut = "strided"
    relu: bool = True

    def __str__(self) -> str:
        groups = f" in {self.groups} groups" if self.groups > 1 else ""
        gate = ", gated" if self.squeeze else ""
        return f"block {self.inner}{groups} -> {self.channels}{gate}{_strided(self.stride)}"


@dataclass(frozen=True)
class ShuffleSpec:
    """A unit of ShuffleNetV2."""

    channels: int
    stride: int = 1

    def __str__(self) -> str:
        return f"shuffle unit {self.channels}{_strided(self.stride)}"


@dataclass(frozen=True)
class PoolSpec:
    """The maximum or the mean over 3x3."""

    channels: int
    stride: int = 2
    kind: Literal["max", "mean"] = "max"

    def __str__(self) -> str:
        return f"{self.kind} 3x3{_strided(self.stride)}"


@dataclass(frozen=True)
class SplitSpec:
    """The first ``channels`` channels."""

    channels: int
    stride: int = 1

    def __str__(self) -> str:
        return f"first {self.channels} channels"


@dataclass(frozen=True)
class ResidualSpec:
    """A residual block of two 3x3 convolutions; its shortcut has no parameters.

    Attributes:
        channels: output channels.
        stride: stride of the first convolution.
        pattern_residual: whether a 1x1 convolution is parallel to each 3x3 convolution.
    """

    channels: int
    stride: int = 1
    pattern_residual: bool = False

    def __str__(self) -> str:
        return f"block of two 3x3{' + 1x1' if self.pattern_residual else ''}, {self.channels}{_strided(self.stride)}"


@dataclass(frozen=True)
class SepSpec:
    """A SEP module.

    Attributes:
        channels: input and output channels.
        reduced: channels after the 1x1 reduction.
        widths: channels of the two pattern residual blocks.
        groups: groups of their 3x3 convolutions.
    """

    channels: int
    reduced: int
    widths: tuple[int, int]
    groups: int
    stride: int = 1

    def __str__(self) -> str:
        first, second = self.widths
        return f"SEP {self.reduced}, {first}, {second} in {self.groups} groups -> {self.channels}"


Layer = ConvSpec | BlockSpec | ShuffleSpec | PoolSpec | SplitSpec | ResidualSpec | SepSpec
Branch = tuple[Layer, ...]


@dataclass(frozen=True)
class NetworkSpec:
    """A network without its classifier.

    Attributes:
        stem: the first convolution.
        modules: everything after the stem.
    """

    stem: ConvSpec
    modules: tuple[ModuleSpec, ...]


@dataclass(frozen=True)
class ModuleSpec:
    """One module: branches from big to little (a single one is a plain stage), then possibly a transition.

    Attributes:
        name: the module's name, such as ``stage1``; its transition is called ``transition1``.
        channels: after the merge.
        branches: layers of each branch. The merge resizes their outputs to the size of the last one.
        merge: how the branches are merged.
        transition: the layer after the merge, which may have a stride.
    """

    name: str
    channels: int
    branches: tuple[Branch, ...]
    merge: Merge = "add"
    transition: Layer | None = None

    @property
    def transition_name(self) -> str:
        """The name of the transition."""
        return self.name.replace("stage", "transition")

    @property
    def out_channels(self) -> int:
        """Output channels of the module and its transition."""
        return self.transition.channels if self.transition else self.channels

    def __str__(self) -> str:
        if len(self.branches) == 1:
            return listing(self.branches[0])
        names = branch_names(len(self.branches))
        return "; ".join(f"{name}: {listing(branch)}" for name, branch in zip(names, self.branches, strict=True))


def listing(layers: Sequence[Layer]) -> str:
    """Return ``layers`` as text; equal layers in a row are shown once with their number."""
    return ", then ".join(_counted(layers))


def _counted(layers: Sequence[Layer]) -> Iterator[str]:
    for layer, equal in groupby(layers, str):
        count = len(list(equal))
        yield f"{layer} x {count}" if count > 1 else layer


def _strided(stride: int) -> str:
    return f", s{stride}" if stride > 1 else ""
