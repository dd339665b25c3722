from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.nn import HEIGHT, WIDTH, crop


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 3), st.integers(0, 3))
def test_crop_undoes_padding(height: int, width: int, pad_height: int, pad_width: int) -> None:
    x = torch.randn(2, 3, height, width)
    padded = torch.nn.functional.pad(x, (pad_width, pad_width, pad_height, pad_height))
    assert torch.equal(crop(padded, (height, width), (HEIGHT, WIDTH)), x)


def test_crop_leaves_other_axes_alone() -> None:
    x = torch.randn(1, 1, 6, 8)
    assert torch.equal(crop(x, (2, 4), (WIDTH,)), x[..., 2:6])
    assert torch.equal(crop(x, (2, 4), (HEIGHT,)), x[:, :, 2:4])
    assert crop(x, (2, 4), ()) is x


@pytest.mark.parametrize("size", [(6, 7), (6, 9), (6, 10)])
def test_crop_refuses_to_be_asymmetric_or_to_grow(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="axis 3"):
        crop(torch.randn(1, 1, 6, 8), size, (WIDTH,))
