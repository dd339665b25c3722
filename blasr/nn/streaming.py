"""Running a network along W piece by piece, each new column computed once.

Where nothing pads or strides along W (time in speech), an output column depends on a fixed number of input columns.
Each part then keeps the columns that its next outputs still need: a convolution its last ``kernel - 1`` inputs, a
shortcut or a shallow branch the columns that wait for the deeper path beside it. The outputs are those of one pass over
the whole input, to float rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Protocol

import torch
from torch import Tensor, nn

from blasr.nn.axes import HEIGHT, WIDTH, Pair, crop, size_of
from blasr.nn.big_little import BigLittleModule, sum_of
from blasr.nn.conv import ConvNorm
from blasr.nn.packed_conv import packed
from blasr.nn.pattern import PatternConv2d
from blasr.nn.pattern_residual import PatternResidual
from blasr.nn.pointwise_int8 import Int8Conv2d
from blasr.nn.residual import ResidualBlock


class Stream(Protocol):
    """The state of one module and one input; ``lost`` is how many columns the module's output is shorter."""

    lost: int

    def accept(self, x: Tensor) -> Tensor | None:
        """Return the output columns that the next input columns ``(B, C, H, n)`` complete; None if there are none."""
        ...


@singledispatch
def stream(module: nn.Module) -> Stream:
    """Return a new stream through a module in evaluation mode. Any number of streams may share its weights.

    Raises:
        ValueError: the module pads or strides along W, or its kind is unknown.
    """
    raise ValueError(f"cannot run {type(module).__name__} column by column")


class _Pointwise:
    """A module that maps every column on its own."""

    lost = 0

    def __init__(self, module: Callable[[Tensor], Tensor]) -> None:
        self.module = module

    def accept(self, x: Tensor) -> Tensor | None:
        return self.module(x)


class WindowStream:
    """A stream through a module with outputs of ``width`` input columns each; it keeps the last ``width - 1``.

    For a convolution, each new column is computed once. A whole network computes ``width - 1`` columns of context
    anew with each piece.

    Args:
        module: maps ``(B, C, H, n)`` to an output that has ``n - width + 1`` columns in its last axis.
        width: the number of columns.
    """

    def __init__(self, module: Callable[[Tensor], Tensor], width: int) -> None:
        self.module = module
        self.lost = width - 1
        self._kept: Tensor | None = None

    def accept(self, x: Tensor) -> Tensor | None:
        """Return the columns that the next ones complete; None if there are none."""
        if self._kept is not None:
            x = torch.cat([self._kept, x], dim=WIDTH)
        length = x.shape[WIDTH]
        self._kept = x[..., max(0, length - self.lost) :].clone()  # contiguous, and not a view that keeps x alive
        return self.module(x) if length > self.lost else None


class _Chain:
    """Modules one after the other."""

    def __init__(self, parts: list[Stream]) -> None:
        self._parts = parts
        self.lost = sum(part.lost for part in parts)

    def accept(self, x: Tensor) -> Tensor | None:
        output: Tensor | None = x
        for part in self._parts:
            if output is None:
                break
            output = part.accept(output)
        return output


class _Queue:
    """Columns that wait for a deeper path. The first ``cropped`` ones are dropped, as a crop of the whole would do."""

    def __init__(self, cropped: int) -> None:
        self._to_drop = cropped
        self._waiting: Tensor | None = None

    def put(self, x: Tensor) -> None:
        dropped = min(self._to_drop, x.shape[WIDTH])
        self._to_drop -= dropped
        x = x[..., dropped:]
        self._waiting = x if self._waiting is None else torch.cat([self._waiting, x], dim=WIDTH)

    def take(self, columns: int) -> Tensor:
        if self._waiting is None or self._waiting.shape[WIDTH] < columns:
            raise AssertionError("a shallower path gives its columns before the deeper one")
        taken = self._waiting[..., :columns]
        self._waiting = self._waiting[..., columns:].clone()
        return taken


class _Residual:
    """A residual block: its shortcut waits for the convolutions."""

    def __init__(self, block: ResidualBlock) -> None:
        self._convs, self._shortcut = stream(block.convs), stream(block.shortcut)
        self.lost = self._convs.lost
        self._queue = _Queue(self.lost // 2)

    def accept(self, x: Tensor) -> Tensor | None:
        shortcut, residual = self._shortcut.accept(x), self._convs.accept(x)
        if shortcut is not None:
            self._queue.put(shortcut)
        if residual is None:
            return None
        return (residual + self._queue.take(residual.shape[WIDTH])).relu_()


class _PatternResidual:
    """A pattern residual block: its projection waits for its patterns."""

    def __init__(self, block: PatternResidual) -> None:
        self._block = block
        self._pattern, self._projection = stream(block.pattern), stream(block.projection)
        self.lost = self._pattern.lost
        self._queue = _Queue(self.lost // 2)

    def accept(self, x: Tensor) -> Tensor | None:
        inner = crop(x, (x.shape[HEIGHT] - 2 * self._block.margin[0], x.shape[WIDTH]), (HEIGHT,))
        projected, pattern = self._projection.accept(inner), self._pattern.accept(x)
        if projected is not None:
            self._queue.put(projected)
        if pattern is None:
            return None
        total = pattern + self._queue.take(pattern.shape[WIDTH])
        return total.relu_() if self._block.relu else total


class _BigLittle:
    """A Big-Little module: its shallow branches wait for the first one, the deepest."""

    def __init__(self, module: BigLittleModule) -> None:
        self._module = module
        self._branches = {name: stream(branch) for name, branch in module.branches.items()}
        losses = [branch.lost for branch in self._branches.values()]
        self.lost = losses[0]
        if any((self.lost - lost) % 2 or lost > self.lost for lost in losses):
            raise ValueError(f"the branches lose {losses} columns; the first must lose the most, by an even number")
        if len(set(losses)) > 1 and WIDTH not in module.crop_axes:
            raise ValueError("the branches lose different numbers of columns, and the module does not crop them")
        self._queues = {
            name: _Queue((self.lost - lost) // 2) for name, lost in zip(self._branches, losses, strict=True)
        }
        self._resolution: Pair | None = None

    def accept(self, x: Tensor) -> Tensor | None:
        outputs = {name: branch.accept(x) for name, branch in self._branches.items()}
        *_, last = outputs.values()
        if last is not None:
            self._resolution = size_of(last)
        for name, output in outputs.items():
            if output is not None and self._resolution is not None:
                resized = self._module.resize(output, (self._resolution[0], output.shape[WIDTH]))
                self._queues[name].put(self._module.projections[name](resized))
        first = next(iter(outputs.values()))
        if first is None:
            return None
        columns = first.shape[WIDTH]
        matched = [queue.take(columns) for queue in self._queues.values()]
        merged: Tensor = self._module.fuse(
            torch.cat(matched, dim=1) if self._module.merge == "concat" else sum_of(matched)
        )
        return merged


@stream.register
def _(module: nn.Identity) -> Stream:
    return _Pointwise(module)


@stream.register
def _(module: nn.Sequential) -> Stream:
    return _Chain([stream(part) for part in module])


@stream.register
def _(module: nn.Conv2d) -> Stream:
    return _convolution(module, module)


@stream.register
def _(module: PatternConv2d) -> Stream:
    return _convolution(module, module)


@stream.register
def _(module: Int8Conv2d) -> Stream:
    return _convolution(module, module)


@stream.register
def _(module: ConvNorm) -> Stream:
    return _convolution(module, module.conv)


@stream.register
def _(module: ResidualBlock) -> Stream:
    return _Residual(module)


@stream.register
def _(module: PatternResidual) -> Stream:
    return _PatternResidual(module)


@stream.register
def _(module: BigLittleModule) -> Stream:
    return _BigLittle(module)


def _convolution(module: nn.Module, conv: nn.Conv2d | PatternConv2d | Int8Conv2d) -> Stream:
    """Return the stream of a module whose only extent along W is that of ``conv``."""
    width, step = conv.kernel_size[-1], conv.stride[-1]
    pad = conv.padding if isinstance(conv.padding, str) else conv.padding[-1]
    if step != 1 or pad not in (0, "valid"):
        raise ValueError(f"cannot run a convolution with stride {step} and padding {pad} along W column by column")
    compute = packed(module) or module
    return _Pointwise(compute) if width == 1 else WindowStream(compute, width)


def chain(modules: list[nn.Module]) -> Stream:
    """Return a new stream through modules that run one after the other; errors as :func:`stream`."""
    return _Chain([stream(module) for module in modules])
