from __future__ import annotations

import pytest
import torch

from blasr.nn import HEIGHT, WIDTH, Resize


def test_one_axis_is_left_bit_for_bit() -> None:
    x = torch.randn(2, 3, 4, 10)
    by_frame = torch.cat([Resize((HEIGHT,))(x[..., t : t + 1], (8, 99)) for t in range(10)], dim=3)
    assert torch.equal(Resize((HEIGHT,))(x, (8, 99)), by_frame)


def test_weights_of_doubling() -> None:
    x = torch.tensor([0.0, 4.0, 8.0]).view(1, 1, 3, 1)
    assert Resize((HEIGHT,))(x, (6, 1)).flatten().tolist() == [0, 1, 3, 5, 7, 8]
    assert Resize((HEIGHT,), "nearest")(x, (6, 1)).flatten().tolist() == [0, 0, 4, 4, 8, 8]


@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
def test_the_axes_are_alike(mode: str) -> None:
    x = torch.randn(1, 2, 3, 5)
    along_height = Resize((HEIGHT,), mode)(x, (6, 5))  # type: ignore[arg-type]
    along_width = Resize((WIDTH,), mode)(x.transpose(2, 3), (5, 6))  # type: ignore[arg-type]
    torch.testing.assert_close(along_width.transpose(2, 3), along_height)
    assert Resize(mode=mode)(x, (6, 10)).shape == (1, 2, 6, 10)  # type: ignore[arg-type]


def test_nothing_to_do_is_nothing_done() -> None:
    x = torch.randn(1, 2, 3, 5)
    assert Resize((HEIGHT,))(x, (3, 99)) is x
