"""The structure of an acoustic model, read from its modules: boxes in columns and lanes, for a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import torch
from torch import nn

from blasr.models.acoustic import NUM_PLANES
from blasr.models.config import NUM_MEL_BINS, AcousticModelConfig
from blasr.models.factory import build_configured_model
from blasr.models.paper import PAPER_NUM_PDFS
from blasr.nn import BigLittleModule, Int8Conv2d, PatternConv2d, PatternResidual, ResidualBlock, module_outputs
from blasr.units import WINDOW_FRAMES

Role = Literal["input", "trunk", "big", "middle", "little", "match", "merge", "output"]
Shape = tuple[int, int, int]

INPUT: Final = "input"


@dataclass(frozen=True)
class ArchitectureBox:
    """One step of the network.

    Attributes:
        name: the dotted name of its module.
        role: what it belongs to; branches are ``big``, ``little``, or ``middle`` between these.
        text: what it computes, such as ``2 x 3x3``.
        shape: its output ``(C, F, T)`` for one window.
        column: its place from left to right.
        lane: its branch from the top, 0 for the first.
        lanes: the number of branches side by side.
        inputs: the names of the boxes that it reads.
        cropped: for a box that is merged, the frames of its output that the merge cuts off, on both sides together.
    """

    name: str
    role: Role
    text: str
    shape: Shape
    column: int
    lane: int = 0
    lanes: int = 1
    inputs: tuple[str, ...] = ()
    cropped: int = 0


@dataclass(frozen=True)
class Architecture:
    """A variant as boxes, in the order in which they run.

    Attributes:
        name: the variant.
        width: the factor of its channels.
        num_pdfs: its outputs.
        boxes: the steps.
        parts: for each part of the model, its first and its last column.
        params: trainable parameters.
    """

    name: str
    width: float
    num_pdfs: int
    boxes: tuple[ArchitectureBox, ...]
    parts: Mapping[str, tuple[int, int]]
    params: int

    @property
    def columns(self) -> int:
        """The number of columns."""
        return 1 + max(box.column for box in self.boxes)

    @property
    def lanes(self) -> int:
        """The largest number of branches."""
        return max(box.lanes for box in self.boxes)

    def box(self, name: str) -> ArchitectureBox:
        """Return the box called ``name``."""
        return next(box for box in self.boxes if box.name == name)


def read_architecture(name: str, *, num_pdfs: int = PAPER_NUM_PDFS, width: float = 1.0) -> Architecture:
    """Build a variant without allocating its weights, and return its structure for one 49-frame window.

    Args:
        name: a variant, such as ``bl_resnet22_a2b3``.
        num_pdfs: outputs, the tree's number of pdfs.
        width: multiplies the channel counts.

    Raises:
        ConfigError: the name is unknown, the width is not above 0, or there are no pdfs.
    """
    with torch.device("meta"):
        model = build_configured_model(AcousticModelConfig(name, width), num_pdfs)
    modules = {dotted: module for dotted, module in model.named_modules() if dotted}
    found = module_outputs(model, (NUM_PLANES, NUM_MEL_BINS, WINDOW_FRAMES), modules)
    shapes: dict[str, Shape] = {dotted: (shape[0], shape[1], shape[2]) for dotted, shape in found}
    features = (NUM_PLANES, NUM_MEL_BINS, WINDOW_FRAMES)
    boxes = [ArchitectureBox(INPUT, "input", "log-mel, \u0394, \u0394\u0394", features, 0)]
    parts = {}
    dotted_names = {module: dotted for dotted, module in modules.items()}
    for part, module in model.parts.items():
        first = boxes[-1].column + 1
        boxes += _part(dotted_names[module], module, boxes[-1], shapes)
        parts[part] = (first, boxes[-1].column)
    params = sum(parameter.numel() for parameter in model.parameters())
    return Architecture(name, width, num_pdfs, tuple(boxes), parts, params)


def _part(
    name: str, module: nn.Module, before: ArchitectureBox, shapes: Mapping[str, Shape]
) -> Iterator[ArchitectureBox]:
    """Yield the boxes of one row of Table 11."""
    column = before.column + 1
    if isinstance(module, BigLittleModule):
        yield from _big_little(name, module, before, shapes)
    elif isinstance(module, nn.Sequential):
        source = before.name
        for number, block in enumerate(module):
            dotted = f"{name}.{number}"
            yield _box(dotted, "trunk", block, shapes, column + number, inputs=(source,))
            source = dotted
    else:
        role: Role = "output" if isinstance(module, nn.Conv2d) else "trunk"
        yield _box(name, role, module, shapes, column, inputs=(before.name,))


def _big_little(
    name: str, module: BigLittleModule, before: ArchitectureBox, shapes: Mapping[str, Shape]
) -> Iterator[ArchitectureBox]:
    """Yield the boxes of the branches, side by side, then what matches them, then the merge."""
    lanes = len(module.branches)
    longest = max(len(_blocks(branch)) for branch in module.branches.values())
    match_column = before.column + 1 + longest
    merged = shapes[name]
    matched = []
    for lane, (branch_name, branch) in enumerate(module.branches.items()):
        role: Role = "big" if lane == 0 else "little" if lane == lanes - 1 else "middle"
        source = before.name
        for number, block in enumerate(_blocks(branch)):
            dotted = f"{name}.branches.{branch_name}.{number}"
            column = before.column + 1 + number
            yield _box(dotted, role, block, shapes, column, lane=lane, lanes=lanes, inputs=(source,))
            source = dotted
        projected = f"{name}.projections.{branch_name}"
        shape, end = shapes[projected], shapes[source]
        steps = [f"\u00d7{shape[1] // end[1]} up"] if shape[1] != end[1] else []
        steps += [] if isinstance(module.projections[branch_name], nn.Identity) else ["1\u00d71"]
        cropped = shape[2] - merged[2]
        if steps:
            text = ", ".join(steps)
            yield ArchitectureBox(projected, "match", text, shape, match_column, lane, lanes, (source,), cropped)
            matched.append(projected)
        else:
            matched.append(source)
    text = "concat, 1\u00d71" if module.merge == "concat" else "+"
    yield ArchitectureBox(name, "merge", text, merged, match_column + 1, inputs=tuple(matched))


def _blocks(branch: nn.Module) -> Sequence[nn.Module]:
    assert isinstance(branch, nn.Sequential)
    return list(branch)


def _box(
    name: str,
    role: Role,
    module: nn.Module,
    shapes: Mapping[str, Shape],
    column: int,
    *,
    lane: int = 0,
    lanes: int = 1,
    inputs: tuple[str, ...],
) -> ArchitectureBox:
    return ArchitectureBox(name, role, _describe(module), shapes[name], column, lane, lanes, inputs)


def _describe(module: nn.Module) -> str:
    """Return the convolutions of a block, such as ``2 3x3``; binary patterns are marked with \u00b1."""
    if isinstance(module, ResidualBlock):
        kernel = f"3\u00d73{_mark(module.convs)}"
        if any(isinstance(conv, PatternResidual) for conv in module.convs):
            kernel = f"({kernel}+1\u00d71)"
        return kernel if len(module.convs) == 1 else f"{len(module.convs)}\u00b7{kernel}"
    convolution = next(part for part in module.modules() if isinstance(part, nn.Conv2d | PatternConv2d | Int8Conv2d))
    rows, columns = convolution.kernel_size
    return f"{rows}\u00d7{columns}{_mark(module)}"


def _mark(module: nn.Module) -> str:
    """Return a sign if the k x k convolutions are binary patterns."""
    return "\u00b1" if any(isinstance(part, PatternConv2d) for part in module.modules()) else ""
