"""Signs as bits: the layout, and the way back."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from blasr.nn.sign_packing import pack_signs, packed_length, unpack_signs


def test_the_lowest_bit_is_the_first_weight() -> None:
    positive = torch.tensor([True, False, False, True, False, False, False, False, True, True])
    assert pack_signs(positive).tolist() == [0b1001, 0b11]


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 5), st.integers(0, 1000))
def test_unpacking_restores_the_signs(filters: int, channels: int, size: int, seed: int) -> None:
    shape = (filters, channels, size, size)
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    packed = pack_signs(weight >= 0)
    assert packed.dtype == torch.uint8 and packed.shape == (packed_length(shape),)
    assert packed.numel() == -(-weight.numel() // 8)
    assert torch.equal(unpack_signs(packed, shape), torch.where(weight >= 0, 1, -1).to(torch.int8))


def test_unused_bits_do_not_matter() -> None:
    assert torch.equal(unpack_signs(torch.tensor([0b11111010], dtype=torch.uint8), (3,)), torch.tensor([-1, 1, -1]))
