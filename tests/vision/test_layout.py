"""The modules of ResNet's relatives: merges, splits, strides and channels."""

from __future__ import annotations

import pytest

from blasr.vision.layout import Layout, network_spec
from blasr.vision.specs import ModuleSpec, NetworkSpec
from blasr.vision.variants import RESNET_VARIANTS


def network(name: str, width: float = 1.0) -> NetworkSpec:
    return network_spec(RESNET_VARIANTS[name], width)


def modules(name: str) -> dict[str, ModuleSpec]:
    return {module.name: module for module in network(name).modules}


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("resnet50", ["stage0", "stage1", "stage2", "stage3", "stage4"]),
        ("bl_resnet50_a2b4_m2", ["stage1", "stage3", "stage4"]),
        ("bl_resnet50_a2b4_m1", ["stage3", "stage4"]),
        ("bl_resnet101_a2b4_m7", ["stage0", "stage1", "stage2a", "stage2b", "stage3a", "stage3b", "stage3c", "stage4"]),
    ],
)
def test_modules_follow_the_merges(name: str, names: list[str]) -> None:
    assert list(modules(name)) == names


def test_the_branches_of_a_big_little_stage() -> None:
    stage = modules("bl_resnet50_a2b4")["stage2"]
    big, little = stage.branches
    assert [layer.channels for layer in big] == [512] * 3 and [layer.stride for layer in big] == [2, 1, 1]
    assert [layer.channels for layer in little] == [256] and little[0].stride == 1
    assert stage.transition is not None and stage.transition.stride == 2


def test_the_whole_stride_is_32() -> None:
    for name in RESNET_VARIANTS:
        spec = network(name)
        stride = spec.stem.stride
        for module in spec.modules:
            for layer in module.branches[-1]:
                stride *= layer.stride
            stride *= module.transition.stride if module.transition else 1
        assert stride == (64 if name.endswith("_lowres") else 32), name


def test_widths_round_to_whole_groups_and_branches() -> None:
    layout = Layout(RESNET_VARIANTS["bl_resnext50_32x4d_a4b4"], 0.3)
    assert all(
        planes % 16 == 0 for planes in layout.planes
    )  # 32 groups of 4 in 64 planes: 16 planes have a group of each
    assert layout.channels(1, scale=1) * 4 == layout.channels(1)
