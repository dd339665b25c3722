"""ResNets for CIFAR against He et al. (2016), Table 6."""

from __future__ import annotations

import pytest

from blasr.nn import LayerCount
from blasr.vision import summarize
from blasr.vision.cifar import CIFAR_VARIANTS, network_spec


@pytest.mark.parametrize(
    ("name", "published", "exact"),
    [
        ("resnet20", 0.27, 269722),
        ("resnet32", 0.46, 464154),
        ("resnet44", 0.66, 658586),
        ("resnet56", 0.85, 853018),
        ("resnet110", 1.7, 1727962),
    ],
)
def test_published_parameters(name: str, published: float, exact: int) -> None:
    summary = summarize(name, image_size=32, num_classes=10)
    assert summary.params == exact
    assert round(exact / 1e6, 1 if published > 1 else 2) == published
    layers = [layer for layer in summary.layers if layer.kind.startswith(("Conv2d", "Linear"))]
    assert len(layers) == int(name.removeprefix("resnet"))
    assert [part.output for part in summary.parts[:-1]] == [(16, 32, 32), (16, 32, 32), (32, 16, 16), (64, 8, 8)]


def test_pattern_residual_blocks_add_1x1_convolutions() -> None:
    def kernels(layers: tuple[LayerCount, ...]) -> dict[str, int]:
        kinds = [layer.kind for layer in layers]
        return {kind: kinds.count(kind) for kind in ("Conv2d 3x3", "Conv2d 1x1")}

    assert kernels(summarize("sep_resnet20", image_size=32).layers) == {"Conv2d 3x3": 19, "Conv2d 1x1": 18}
    assert kernels(summarize("resnet20", image_size=32).layers) == {"Conv2d 3x3": 19, "Conv2d 1x1": 0}


def test_width_multiplies_the_channels() -> None:
    spec = network_spec(CIFAR_VARIANTS["resnet20"], 0.5)
    assert spec.stem.channels == 8 and [module.channels for module in spec.modules] == [8, 16, 32]
