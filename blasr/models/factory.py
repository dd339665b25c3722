"""From a row in the table of variants to the network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

from torch import nn

from blasr.errors import ConfigError
from blasr.models.acoustic import FREQUENCY, NUM_PLANES, TIME, AcousticModel
from blasr.models.config import NUM_MEL_BINS, AcousticModelConfig
from blasr.models.variants import BranchSpec, StageSpec, stage_specs
from blasr.nn import BigLittleModule, BinarizeConfig, ConvNorm, PatternResidual, ResidualBlock, Resize, binarize

PAD_FREQUENCY = (1, 0)
"""Padding of a 3x3 convolution: the length in frequency is kept, time loses two frames."""


Block = Callable[..., ResidualBlock]
"""A function of input channels, output channels, depth and stride."""


def build_acoustic_model(
    name: str, *, num_pdfs: int, width: float = 1.0, patterns: BinarizeConfig | None = None
) -> AcousticModel:
    """Return the acoustic model called ``name``, with random weights from torch's random state.

    Its forward pass takes network inputs ``(B, C=3, F=64, T)`` and returns logits ``(B, num_pdfs, T - 48)``.

    Args:
        name: a variant, such as ``bl_resnet22_a2b3``.
        num_pdfs: number of outputs, the tree's number of pdfs.
        width: multiplies the channel counts; see :func:`blasr.models.variants.stage_specs` for the rounding.
        patterns: binarizes the random weights, so that trained patterns can be loaded; by default as the variant says.

    Raises:
        ConfigError: the name is unknown, the width is not above 0, there are no pdfs, or ``patterns`` does not fit.
    """
    return build_configured_model(AcousticModelConfig(name, width, patterns), num_pdfs)


def build_configured_model(config: AcousticModelConfig, num_pdfs: int) -> AcousticModel:
    """Return the configured acoustic model; see :func:`build_acoustic_model`."""
    if num_pdfs < 1:
        raise ConfigError(f"found {num_pdfs} pdfs, expected at least 1", fix="give the tree's number of pdfs")
    specs = stage_specs(config.variant, config.width)
    block = partial(_block, PatternResidual if config.variant.pattern_residual else ConvNorm)
    channels = [specs[0].channels, *(spec.channels for spec in specs)]
    stages: dict[str, nn.Module] = {}
    for number, ((in_channels, out_channels), spec) in enumerate(zip(pairwise(channels), specs, strict=True), 1):
        stages[f"stage{number}"] = _stage(block, in_channels, spec)
        if spec.transition:
            stages[f"transition{number}"] = block(out_channels, out_channels, 1, 2)
    model = AcousticModel(
        ConvNorm(NUM_PLANES, channels[0], (5, 5), stride=(2, 1), padding=(2, 0), bias=True),
        stages,
        ConvNorm(channels[-1], channels[-1], (NUM_MEL_BINS // 16, 1), bias=True),
        nn.Conv2d(channels[-1], num_pdfs, (1, 1)),
    )
    initialize(model)
    if (patterns := config.patterns) is not None:
        binarize(model, patterns.keep, scale=patterns.scale, pointwise=patterns.pointwise)
    return model


def _stage(block: Block, in_channels: int, spec: StageSpec) -> nn.Module:
    branches = [_branch(block, in_channels, branch) for branch in spec.branches]
    if len(branches) == 1:
        return branches[0]
    total = sum(branch.channels for branch in spec.branches)
    concat = spec.merge == "concat"
    return BigLittleModule(
        branches,
        projections=[
            None if concat or branch.channels == spec.channels else _pointwise(branch.channels, spec.channels, False)
            for branch in spec.branches
        ],
        merge=spec.merge,
        resize=Resize((FREQUENCY,)),
        crop_axes=(TIME,),
        fuse=_pointwise(total, spec.channels, True) if concat else None,
    )


def _branch(block: Block, in_channels: int, spec: BranchSpec) -> nn.Sequential:
    return nn.Sequential(
        *(
            block(spec.channels if index else in_channels, spec.channels, depth, 1 if index else spec.stride)
            for index, depth in enumerate(spec.blocks)
        )
    )


def _block(conv: type[nn.Module], in_channels: int, channels: int, depth: int, stride: int) -> ResidualBlock:
    return ResidualBlock(in_channels, channels, depth, stride=(stride, 1), padding=PAD_FREQUENCY, bias=True, conv=conv)


def _pointwise(in_channels: int, channels: int, relu: bool) -> ConvNorm:
    return ConvNorm(in_channels, channels, (1, 1), bias=True, relu=relu)


def initialize(model: AcousticModel) -> None:
    """Initialize as He et al. (2015) before a ReLU, with unit gain at the output, and with zero biases."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            if module is model.output:
                nn.init.kaiming_normal_(module.weight, nonlinearity="linear")
            else:
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
