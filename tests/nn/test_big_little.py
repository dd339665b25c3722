"""The merge as speech uses it (time unpadded, frequency resized) and as vision does (both axes resized)."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from blasr.nn import WIDTH, BigLittleModule, ConvNorm, ResidualBlock, Resize, branch_names


class Constant(nn.Module):
    """A branch that gives a fixed tensor."""

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        return self.value


X = torch.zeros(1, 1, 4, 9)
BIG = torch.randn(1, 2, 2, 5)
LITTLE = torch.randn(1, 2, 4, 9)


def test_add_crops_resizes_and_rectifies() -> None:
    module = BigLittleModule([Constant(BIG), Constant(LITTLE)], resize=Resize((2,)), crop_axes=(WIDTH,))
    upsampled = nn.functional.interpolate(BIG, size=(4, 5), mode="bilinear")
    torch.testing.assert_close(module(X), (upsampled + LITTLE[..., 2:-2]).relu())


def test_concat_keeps_the_order_of_the_branches() -> None:
    module = BigLittleModule(
        [Constant(BIG), Constant(LITTLE)],
        merge="concat",
        resize=Resize((2,), "nearest"),
        crop_axes=(WIDTH,),
        fuse=nn.Identity(),
    )
    merged = module(X)
    assert torch.equal(merged[:, :2], BIG.repeat_interleave(2, dim=2))
    assert torch.equal(merged[:, 2:], LITTLE[..., 2:-2])


def test_a_projection_sees_the_resized_branch() -> None:
    seen: list[torch.Size] = []

    class Spy(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            seen.append(x.shape)
            return x

    BigLittleModule(
        [Constant(BIG), Constant(LITTLE)], projections=[Spy(), None], resize=Resize((2,)), crop_axes=(WIDTH,)
    )(X)
    assert seen == [(1, 2, 4, 5)]


@pytest.mark.parametrize("count", [2, 3])
def test_a_vision_module(count: int) -> None:
    """Strides and padding on both axes, no bias, no crop, K branches of any block; odd sizes too."""
    channels = [16 // 2**branch for branch in range(count)]
    module = BigLittleModule(
        [
            nn.Sequential(
                ResidualBlock(6, width, 2, stride=(2 ** (count - 1 - branch),) * 2, bias=False),
                nn.Conv2d(width, width, 1, groups=2, bias=False),
            )
            for branch, width in enumerate(channels)
        ],
        projections=[
            None if width == 16 else ConvNorm(width, 16, (1, 1), bias=False, relu=False) for width in channels
        ],
    )
    assert module(torch.randn(2, 6, 15, 17)).shape == (2, 16, 15, 17)
    assert not any(name.endswith("conv.bias") for name, _ in module.named_parameters())


def test_names_of_branches() -> None:
    assert branch_names(2) == ("big", "little")
    assert branch_names(3) == ("big", "middle", "little")
    assert branch_names(4) == ("big", "middle1", "middle2", "little")


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        BigLittleModule([Constant(BIG)])
    with pytest.raises(ValueError, match="add or concat"):
        BigLittleModule([Constant(BIG), Constant(BIG)], merge="mean")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="argument 2"):
        BigLittleModule([Constant(BIG), Constant(BIG)], projections=[None])
