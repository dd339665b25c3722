from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from blasr.features.deltas import add_deltas, stack_deltas


def test_deltas_are_kaldis(kaldi_features: Callable[[str], dict[str, Tensor]]) -> None:
    expected = kaldi_features("fbank64_deltas.ark")
    for utterance, features in kaldi_features("fbank64.ark").items():
        torch.testing.assert_close(add_deltas(features), expected[utterance], rtol=0, atol=1e-4)
        planes = stack_deltas(features)
        assert planes.is_contiguous()
        assert torch.equal(planes.permute(2, 0, 1).flatten(1), add_deltas(features))


@given(frames=st.integers(1, 30), window=st.integers(1, 4), order=st.integers(0, 3), seed=st.integers(0, 99))
@settings(deadline=None)
def test_deltas_are_linear(frames: int, window: int, order: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    x, y = torch.randn(2, frames, 5, generator=generator)
    deltas = add_deltas(2 * x - 3 * y, order, window)
    assert deltas.shape == (frames, 5 * (order + 1))
    torch.testing.assert_close(deltas, 2 * add_deltas(x, order, window) - 3 * add_deltas(y, order, window))


@pytest.mark.parametrize("window", [1, 2, 3])
def test_deltas_of_a_line_are_its_slope(window: int) -> None:
    line = 3.0 * torch.arange(40.0)[:, None]
    inside = add_deltas(line, 2, window)[2 * window : -2 * window]
    torch.testing.assert_close(inside[:, 1], torch.full((len(inside),), 3.0))
    torch.testing.assert_close(inside[:, 2], torch.zeros(len(inside)), atol=1e-5, rtol=0)


def test_deltas_of_one_frame_are_zero() -> None:
    assert torch.equal(add_deltas(torch.ones(1, 4))[:, 4:], torch.zeros(1, 8))
