"""From the name of an image model to the network."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from torch import nn

from blasr.errors import ConfigError
from blasr.nn import (
    BigLittleModule,
    BinarizeConfig,
    Bottleneck,
    ConvNorm,
    FirstChannels,
    PatternResidual,
    ResidualBlock,
    Resize,
    ResizeMode,
    SepModule,
    ShuffleUnit,
    binarize,
)
from blasr.vision.model import FeatureBackbone, FeatureInfo, ImageModel
from blasr.vision.registry import find_variant, in_float, network_spec, patterns_of
from blasr.vision.specs import (
    BlockSpec,
    ConvSpec,
    Layer,
    ModuleSpec,
    NetworkSpec,
    PoolSpec,
    ResidualSpec,
    SepSpec,
    ShuffleSpec,
    SplitSpec,
)

FINEST_STRIDE = 4
"""Stride of the finest feature map that detectors use."""


def create_model(
    name: str,
    num_classes: int = 1000,
    upsample: ResizeMode = "bilinear",
    *,
    in_chans: int = 3,
    drop_rate: float = 0.0,
    width: float = 1.0,
    alpha: int | None = None,
    beta: int | None = None,
    patterns: BinarizeConfig | None = None,
) -> ImageModel:
    """Return the image model called ``name``, with random weights from torch's random state.

    Its forward pass takes images ``(B, in_chans, H, W)`` and returns logits ``(B, num_classes)``.

    Args:
        name: such as ``resnet50`` or ``bl_resnext101_64x4d_a2b4``; see :func:`list_models`.
        num_classes: outputs; 0 for the pooled features.
        upsample: how the branches are resized: ``bilinear`` as in the paper, or ``nearest`` as in the authors' release;
            the released weights need ``nearest``.
        in_chans: channels of an image.
        drop_rate: dropout before the classifier.
        width: multiplies the channel counts.
        alpha, beta: in place of those of the variant.
        patterns: binarizes the random weights, so that trained patterns can be loaded; by default as the name says:
            ``sep_net_b`` and ``sep_net_bq`` have patterns.

    Raises:
        ConfigError: the name is unknown, a value is out of range, alpha does not divide the channels, or ``patterns``
            does not fit.
    """
    if num_classes < 0 or in_chans < 1:
        raise ConfigError(f"found {num_classes} classes and {in_chans} input channels, expected at least 0 and 1")
    if not (math.isfinite(width) and width > 0):
        raise ConfigError(f"found width {width}, expected a number above 0", fix="1.0 is the paper's width")
    if not 0 <= drop_rate < 1:
        raise ConfigError(f"found drop_rate {drop_rate}, expected from 0 to below 1")
    if upsample not in ("bilinear", "nearest"):
        raise ConfigError(f"found upsample {upsample!r}, expected bilinear or nearest")
    spec = network_spec(find_variant(name, alpha, beta), width)
    parts = {"stem": _layer(in_chans, spec.stem), **dict(_parts(spec, upsample))}
    model = ImageModel(parts, tuple(feature_infos(spec)), num_classes, in_chans, drop_rate)
    initialize(model)
    own = patterns_of(name)
    if own is not None and patterns is not None:
        raise ConfigError(f"{name} has binary patterns already", fix=f"leave out patterns, or choose {in_float(name)}")
    if (form := own or patterns) is not None:
        binarize(model, form.keep, scale=form.scale, pointwise=form.pointwise)
    return model


def create_backbone(
    name: str, out_indices: tuple[int, ...] | None = None, upsample: ResizeMode = "bilinear", *, width: float = 1.0
) -> FeatureBackbone:
    """Return the model called ``name`` as a backbone. It returns feature maps, which ``feature_info`` describes.

    Args:
        name, upsample, width: see :func:`create_model`.
        out_indices: which maps, from fine (0, stride 4) to coarse (3, stride 32); all by default.

    Raises:
        ConfigError: see :func:`create_model`.
    """
    return FeatureBackbone(create_model(name, 0, upsample, width=width), out_indices)


def _parts(network: NetworkSpec, upsample: ResizeMode) -> Iterator[tuple[str, nn.Module]]:
    in_channels = network.stem.channels
    for spec in network.modules:
        yield spec.name, _module(in_channels, spec, upsample)
        if spec.transition is not None:
            yield spec.transition_name, _layer(spec.channels, spec.transition)
        in_channels = spec.out_channels


def _module(in_channels: int, spec: ModuleSpec, upsample: ResizeMode) -> nn.Module:
    branches = [_branch(in_channels, branch) for branch in spec.branches]
    widths = [spec.channels, *(branch[-1].channels for branch in spec.branches[1:])]
    module: nn.Module = branches.pop()
    while branches:  # start with the little branch; every merge becomes the next little branch
        module = _merged(branches.pop(), module, widths[len(branches) : len(branches) + 2], spec, upsample)
    return module


def _merged(
    big: nn.Module, little: nn.Module, widths: Sequence[int], spec: ModuleSpec, upsample: ResizeMode
) -> BigLittleModule:
    """Return a module that merges two branches of ``widths`` channels."""
    channels, little_channels = widths
    widened = spec.merge == "add" and little_channels != channels
    return BigLittleModule(
        [big, little],
        projections=[None, ConvNorm(little_channels, channels, (1, 1), bias=False, relu=False) if widened else None],
        merge=spec.merge,
        resize=Resize(mode=upsample),
    )


def _branch(in_channels: int, layers: tuple[Layer, ...]) -> nn.Sequential:
    inputs = [in_channels, *(layer.channels for layer in layers[:-1])]
    return nn.Sequential(*(_layer(channels, layer) for channels, layer in zip(inputs, layers, strict=True)))


def _layer(in_channels: int, spec: Layer) -> nn.Module:
    match spec:
        case ConvSpec():
            return ConvNorm(
                in_channels,
                spec.channels,
                (spec.kernel, spec.kernel),
                stride=(spec.stride, spec.stride),
                padding=(spec.kernel // 2, spec.kernel // 2),
                groups=spec.groups,
                bias=False,
                relu=spec.relu,
            )
        case BlockSpec():
            return Bottleneck(
                in_channels,
                spec.channels,
                spec.inner,
                stride=(spec.stride, spec.stride),
                groups=spec.groups,
                bias=False,
                squeeze=spec.squeeze,
                shortcut=spec.shortcut,
                relu=spec.relu,
            )
        case ShuffleSpec():
            return ShuffleUnit(in_channels, spec.channels, stride=(spec.stride, spec.stride), bias=False)
        case ResidualSpec():
            return ResidualBlock(
                in_channels,
                spec.channels,
                2,
                stride=(spec.stride, spec.stride),
                bias=False,
                shortcut="padded",
                conv=PatternResidual if spec.pattern_residual else ConvNorm,
            )
        case SepSpec():
            return SepModule(spec.channels, spec.reduced, spec.widths, groups=spec.groups, bias=False)
        case PoolSpec():
            pool = nn.MaxPool2d if spec.kind == "max" else nn.AvgPool2d
            return pool(3, stride=spec.stride, padding=1)
        case SplitSpec():
            return FirstChannels(spec.channels)


def feature_infos(network: NetworkSpec) -> Iterator[FeatureInfo]:
    """Return the last part at each stride of 4 or more, which has the deepest map of that resolution."""
    stride, infos = network.stem.stride, {}
    for spec in network.modules:
        for layer in spec.branches[-1]:
            stride *= layer.stride
        infos[stride] = FeatureInfo(spec.name, spec.channels, stride)
        if spec.transition is not None:
            stride *= spec.transition.stride
            infos[stride] = FeatureInfo(spec.transition_name, spec.out_channels, stride)
    return (info for stride, info in infos.items() if stride >= FINEST_STRIDE)


def initialize(model: ImageModel) -> None:
    """Initialize convolutions as He et al. (2015), and biases with zero.

    The last normalization of every bottleneck and every SEP module starts with zero weights, so that the block starts
    as its shortcut (Goyal et al. 2017, section 5.1).
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, Bottleneck):
            nn.init.zeros_(module.expand.norm.weight)
        elif isinstance(module, SepModule):
            nn.init.zeros_(module.recover.norm.weight)
