"""SEP-Net (Li et al. 2017, arXiv 1706.03912) as rows of data. Light: imports no torch.

Published are the module (:class:`blasr.nn.SepModule`), its 4 groups, the alternation of modules and convolutions, the
linear layer at the end, and the totals: 1.3 M parameters, 5.2 MB in float (R), 4.2 MB with binary patterns (B), 1.3 MB
with 8-bit 1x1 convolutions as well (BQ). The numbers of channels and modules are not. The totals leave little choice:

- From R to B, 1.0 MB is saved, at 31 of 32 bits a weight: 0.26 M weights are patterns, a fifth of the network.
- BQ has one byte for each 1x1 weight. Since 1.3 MB is more than the remaining 1.04 M weights take, about 75,000 weights
  stay in float. The release trains the stem and the convolutions with a stride further; they must be these. And the
  linear layer, which in float would alone take more than 1 MB, must be among the 8-bit ones.
- 75,000 weights in 3x3 convolutions with stride 2 between stages, in 4 groups as in the modules, allow no doubling of
  channels up to 256 (97,000). Narrow stages and a wide last one do, as in MobileNetV2.
- Three to four 1x1 weights for each pattern weight in a module require narrow patterns: a reduction to C/2, a first
  block of C/4, a second one of C.

============  =========================================  ===========  =========================
part          layers                                     output, 224  output of the 32-pixel form
============  =========================================  ===========  =========================
stem          3x3, 32, s2 (32-pixel form: s1)            112 x 112    32 x 32
stage1        3x3, 32, s2 (s1), 4 groups; 1 module       56 x 56      32 x 32
stage2        3x3, 48, s2, 4 groups; 2 modules           28 x 28      16 x 16
stage3        3x3, 64, s2, 4 groups; 6 modules           14 x 14      8 x 8
stage4        3x3, 320, s2, 4 groups; 3 modules          7 x 7        4 x 4
classifier    mean, linear
============  =========================================  ===========  =========================

This gives 1.31 M parameters. Weights, scales and biases then take 5.24, 4.15 and 1.31 MB; the statistics of batch norm
and the file's header come on top.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from blasr.nn.binarize_config import STRIDED, BinarizeConfig
from blasr.vision.specs import ConvSpec, ModuleSpec, NetworkSpec, SepSpec

STEM_CHANNELS: Final = 32
CHANNELS: Final = (32, 48, 64, 320)
MODULES: Final = (1, 2, 6, 3)
GROUPS: Final = 4

MULTIPLE: Final = 4 * GROUPS
"""What divides every number of channels, so that the narrowest block has whole groups."""

PATTERNS: Final = BinarizeConfig(("stem", STRIDED))
"""What SEP-Net-B binarizes."""


@dataclass(frozen=True)
class SepNetVariant:
    """One form of SEP-Net.

    Attributes:
        name: such as ``sep_net_r``.
        strides: of the stem and of the convolution before each stage.
        binarize: the binary patterns that the network has; None in float.
        in_float: for a network with patterns, the name of the same network in float.
    """

    name: str
    strides: tuple[int, int, int, int, int] = (2, 2, 2, 2, 2)
    binarize: BinarizeConfig | None = None
    in_float: str = ""

    @property
    def big_little(self) -> bool:
        """Whether the network has branches."""
        return False


def _rows() -> Iterator[SepNetVariant]:
    for row in (SepNetVariant("sep_net_r"), SepNetVariant("sep_net_r_32", strides=(1, 1, 2, 2, 2))):
        yield row
        for form, patterns in (("b", PATTERNS), ("bq", replace(PATTERNS, pointwise="int8"))):
            name = row.name.replace("_r", f"_{form}")
            yield replace(row, name=name, binarize=patterns, in_float=row.name)


SEP_VARIANTS: Final = {row.name: row for row in _rows()}
"""SEP-Net in float (R), with binary patterns (B), and with 8-bit 1x1 convolutions too (BQ); ``_32`` for 32 x 32."""


def network_spec(variant: SepNetVariant, width: float = 1.0) -> NetworkSpec:
    """Return the network of ``variant``; ``width`` multiplies its channel counts, rounded to multiples of 16."""
    stem, *stages = (MULTIPLE * max(1, round(count * width / MULTIPLE)) for count in (STEM_CHANNELS, *CHANNELS))
    first, *strides = variant.strides
    modules = tuple(
        ModuleSpec(
            f"stage{stage}",
            channels,
            (
                (
                    ConvSpec(channels, 3, stride, groups=GROUPS),
                    *(SepSpec(channels, channels // 2, (channels // 4, channels), GROUPS),) * count,
                ),
            ),
        )
        for stage, (channels, stride, count) in enumerate(zip(stages, strides, MODULES, strict=True), 1)
    )
    return NetworkSpec(ConvSpec(stem, 3, first), modules)
