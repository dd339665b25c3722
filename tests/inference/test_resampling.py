"""A stream that is resampled piece by piece against the whole recording."""

from __future__ import annotations

import pytest
import torch
import torchaudio
from hypothesis import given, settings
from hypothesis import strategies as st

from blasr.errors import DataError
from blasr.inference.resampling import StreamingResampler


@settings(deadline=None, max_examples=30)
@given(
    rates=st.sampled_from([(16000, 8000), (44100, 16000), (8000, 16000), (48000, 8000), (11025, 8000), (8000, 8000)]),
    lengths=st.lists(st.integers(1, 3000), min_size=1, max_size=4),
    num_samples=st.integers(1, 9000),
)
def test_pieces_and_the_whole(rates: tuple[int, int], lengths: list[int], num_samples: int) -> None:
    samples = torch.randn(num_samples, generator=torch.Generator().manual_seed(1))
    running = StreamingResampler(*rates)
    outputs: list[torch.Tensor] = []
    begin = 0
    while begin < num_samples:
        length = lengths[len(outputs) % len(lengths)]
        outputs.append(running.accept(samples[begin : begin + length]))
        begin += length
    whole = torch.cat([*outputs, running.finish()])
    torch.testing.assert_close(whole, torchaudio.functional.resample(samples, *rates), atol=1e-5, rtol=1e-4)


def test_the_delay_is_short() -> None:
    running = StreamingResampler(44100, 16000)
    assert len(running.accept(torch.zeros(44100))) >= 16000 * 0.95


def test_rates_that_would_fill_the_memory() -> None:
    with pytest.raises(DataError, match="15991"):
        StreamingResampler(15991, 44100)


def test_nothing_came() -> None:
    assert not len(StreamingResampler(16000, 8000).finish())
