"""Batch normalization folded into convolutions, for inference."""

from __future__ import annotations

import copy

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from blasr.nn.conv import ConvNorm


def fold_norms(module: nn.Module) -> nn.Module:
    """Return a copy in evaluation mode whose convolutions contain the batch normalization that follows them.

    In evaluation mode ``norm(conv(x)) = scale * (weight * x + bias - mean) + shift`` is again a convolution with a
    bias. Outputs are equal to float rounding. Convolutions of other kinds keep their normalization.
    """
    folded = copy.deepcopy(module).eval()
    for part in folded.modules():
        if isinstance(part, ConvNorm) and type(part.conv) is nn.Conv2d and isinstance(part.norm, nn.BatchNorm2d):
            part.conv = fuse_conv_bn_eval(part.conv, part.norm)
            part.norm = nn.Identity()  # type: ignore[assignment]  # only in the copy
    return folded
