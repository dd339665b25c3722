"""The Big-Little module: one input, branches of different resolution and capacity, one merged output.

Section 3 of the paper. The big branch is deep and wide at low resolution, the little branch shallow
(1/beta of the depth) and narrow (1/alpha of the channels) at full resolution.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from blasr.nn.axes import Pair, crop, size_of
from blasr.nn.choices import Merge, branch_names
from blasr.nn.resize import Resize


class BigLittleModule(nn.Module):
    """Runs every branch on the same input and merges the outputs.

    The output of each branch is upsampled to the resolution of the last branch, projected, cropped to the length of the
    first branch, and merged with unit weight.

    Args:
        branches: K >= 2 modules, from big (deepest, coarsest) to little (finest).
        projections: for each branch the module that matches its channels; None if none is needed.
        merge: ``add`` the branches, or ``concat`` them along the channels.
        resize: upsamples outputs to the resolution of the last branch.
        crop_axes: axes that no branch pads. Along these, the outputs of shallower branches are longer than the first.
        fuse: the module after the merge; ReLU by default. After ``concat``, a 1x1 convolution here sets the channels.
    """

    def __init__(
        self,
        branches: Sequence[nn.Module],
        *,
        projections: Sequence[nn.Module | None] | None = None,
        merge: Merge = "add",
        resize: Resize | None = None,
        crop_axes: Sequence[int] = (),
        fuse: nn.Module | None = None,
    ) -> None:
        super().__init__()
        if len(branches) < 2:
            raise ValueError(f"found {len(branches)} branch(es), expected at least 2")
        if merge not in ("add", "concat"):
            raise ValueError(f"found merge {merge!r}, expected add or concat")
        names = branch_names(len(branches))
        projections = projections or [None] * len(branches)
        self.branches = nn.ModuleDict(dict(zip(names, branches, strict=True)))
        self.projections = nn.ModuleDict(
            {name: module or nn.Identity() for name, module in zip(names, projections, strict=True)}
        )
        self.merge = merge
        self.resize = resize or Resize()
        self.crop_axes = tuple(crop_axes)
        self.fuse = fuse or nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(B, C', H', W')`` of ``(B, C, H, W)``.

        H' and W' are those of the last branch; on cropped axes, those of the first.
        """
        outputs = {name: branch(x) for name, branch in self.branches.items()}
        first, *_, last = outputs.values()
        resolution, length = size_of(last), size_of(first)
        matched = [self._match(name, output, resolution, length) for name, output in outputs.items()]
        merged: Tensor = self.fuse(torch.cat(matched, dim=1) if self.merge == "concat" else sum_of(matched))
        return merged

    def _match(self, name: str, output: Tensor, resolution: Pair, length: Pair) -> Tensor:
        projected = self.projections[name](self.resize(output, resolution))
        return crop(projected, length, self.crop_axes)


def sum_of(tensors: Sequence[Tensor]) -> Tensor:
    """Return the sum of at least two tensors, as a new tensor."""
    total = tensors[0] + tensors[1]
    for tensor in tensors[2:]:
        total = total + tensor
    return total
