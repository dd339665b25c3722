"""Features in pieces against features of the whole recording."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from blasr.features import CmvnStats, FeatureConfig, LogMel, TooShortError, apply_cmvn, pad_context, stack_deltas
from blasr.features.streaming import FixedCmvn, StreamingDeltas, StreamingInputs, StreamingLogMel

PIECES = st.lists(st.integers(1, 1500), min_size=1, max_size=5)


def pieces_of(whole: Tensor, lengths: list[int]) -> list[Tensor]:
    """Cut along the first axis; the lengths repeat."""
    pieces: list[Tensor] = []
    begin = 0
    while begin < len(whole):
        length = lengths[len(pieces) % len(lengths)]
        pieces.append(whole[begin : begin + length])
        begin += length
    return pieces


@settings(deadline=None, max_examples=25)
@given(
    lengths=PIECES, num_samples=st.integers(200, 6000), snip_edges=st.booleans(), rate=st.sampled_from([8000, 16000])
)
def test_log_mel_in_pieces(lengths: list[int], num_samples: int, snip_edges: bool, rate: int) -> None:
    config = FeatureConfig(sample_rate=rate, snip_edges=snip_edges, num_mel_bins=20)
    samples = torch.randn(num_samples, generator=torch.Generator().manual_seed(1)) * 1000
    running = StreamingLogMel(config)
    if snip_edges and num_samples < config.frame_length_samples:
        assert not any(len(running.accept(piece)) for piece in pieces_of(samples, lengths))
        with pytest.raises(TooShortError):
            running.finish()
        return
    frames = [running.accept(piece) for piece in pieces_of(samples, lengths)] + [running.finish()]
    torch.testing.assert_close(torch.cat(frames), LogMel(config)(samples), atol=1e-3, rtol=1e-4)


def test_a_frame_comes_with_its_last_sample() -> None:
    running = StreamingLogMel(FeatureConfig())
    samples = torch.randn(1000)
    assert [len(running.accept(piece)) for piece in (samples[:199], samples[199:200], samples[200:279])] == [0, 1, 0]
    assert len(running.accept(samples[279:280])) == 1


@settings(deadline=None, max_examples=25)
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=5), frames=st.integers(1, 30), window=st.integers(1, 3))
def test_deltas_in_pieces(lengths: list[int], frames: int, window: int) -> None:
    """Equal to the bit: slopes are computed column by column."""
    features = torch.randn(frames, 5, generator=torch.Generator().manual_seed(2))
    running = StreamingDeltas(window)
    outputs = [running.accept(piece) for piece in pieces_of(features, lengths)]
    delay = min(frames, 2 * window)
    assert sum(output.shape[2] for output in outputs) == frames - delay
    whole = torch.cat([*outputs, running.finish()], dim=2)
    assert torch.equal(whole, stack_deltas(features, window=window))


@settings(deadline=None, max_examples=15)
@given(lengths=PIECES, num_samples=st.integers(200, 6000))
def test_inputs_in_pieces(lengths: list[int], num_samples: int) -> None:
    """Inputs in pieces are those that a whole recording has with the same statistics."""
    config = FeatureConfig(norm_vars=True)
    samples = torch.randn(num_samples, generator=torch.Generator().manual_seed(3)) * 1000
    features = LogMel(config)(samples)
    stats = CmvnStats.of(torch.randn(50, 64) * 2 + 10)
    expected = pad_context(stack_deltas(apply_cmvn(features, stats, norm_vars=True)))
    running = StreamingInputs(config, FixedCmvn(stats, norm_vars=True))
    of_samples = [running.accept(piece) for piece in pieces_of(samples, lengths)] + [running.finish()]
    torch.testing.assert_close(torch.cat(of_samples, dim=2), expected, atol=1e-3, rtol=1e-4)
    running = StreamingInputs(config, FixedCmvn(stats, norm_vars=True))
    of_frames = [running.accept_features(piece) for piece in pieces_of(features, lengths)]
    of_frames.append(running.finish(of_features=True))
    torch.testing.assert_close(torch.cat(of_frames, dim=2), expected)


def test_without_statistics_nothing_is_normalized() -> None:
    features = torch.randn(3, 4)
    assert FixedCmvn(None).normalize(features) is features
