"""Running statistics against Kaldi's loops written out, against torchaudio, and in pieces of any length."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torchaudio
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from blasr.errors import ConfigError, DataError, FormatError, MismatchError
from blasr.features.cmvn import CmvnStats
from blasr.features.config import OnlineCmvnConfig
from blasr.features.fbank import EPSILON
from blasr.features.online_cmvn import OnlineCmvn, read_global_cmvn, write_global_cmvn
from blasr.io.kaldi import DOUBLE_MATRIX, write_value

DIM = 5


def speech(num_frames: int, seed: int) -> Tensor:
    """Frames like log-mel features: a mean of 12 and a deviation of 3, which drift."""
    generator = torch.Generator().manual_seed(seed)
    drift = torch.randn(num_frames, DIM, generator=generator).cumsum(dim=0) / 10
    return 12 + 3 * torch.randn(num_frames, DIM, generator=generator) + drift


def smooth(stats: np.ndarray, speaker: CmvnStats | None, everyone: CmvnStats, config: OnlineCmvnConfig) -> np.ndarray:
    """``OnlineCmvn::SmoothOnlineCmvnStats`` for one frame."""
    count = stats[0, -1]
    if count < config.cmn_window and speaker is not None:
        added = min(config.cmn_window - count, config.speaker_frames, speaker.count)
        if added > 0:
            stats = stats + added / speaker.count * speaker.matrix
        count = stats[0, -1]
    if count < config.cmn_window:
        added = min(config.cmn_window - count, config.global_frames)
        if added > 0:
            stats = stats + added / everyone.count * everyone.matrix
    return stats


def kaldi_loops(
    features: Tensor, config: OnlineCmvnConfig, everyone: CmvnStats, speaker: CmvnStats | None, norm_vars: bool
) -> Tensor:
    """``ComputeStatsForFrame``, ``SmoothOnlineCmvnStats`` and ``ApplyCmvn``, one frame at a time in 64 bits."""
    frames = features.double().numpy()
    stats, rows = np.zeros((2, DIM + 1)), []
    for number, frame in enumerate(frames):
        stats[:, :-1] += frame, frame**2
        stats[0, -1] += 1
        if number >= config.cmn_window:
            old = frames[number - config.cmn_window]
            stats[:, :-1] -= old, old**2
            stats[0, -1] -= 1
        used = smooth(stats, speaker, everyone, config)
        mean = used[0, :-1] / used[0, -1]
        variance = np.maximum(used[1, :-1] / used[0, -1] - mean**2, 1e-20)
        rows.append((frame - mean) / np.sqrt(variance) if norm_vars else frame - mean)
    return torch.from_numpy(np.array(rows)).float()


GLOBAL = CmvnStats.of(speech(3000, 0))


@pytest.mark.parametrize("norm_vars", [False, True])
@pytest.mark.parametrize("earlier_frames", [0, 30, 5000])
@pytest.mark.parametrize("config", [OnlineCmvnConfig(), OnlineCmvnConfig(40, 35, 10), OnlineCmvnConfig(1, 1, 1)])
def test_equal_to_kaldis_loops(config: OnlineCmvnConfig, earlier_frames: int, norm_vars: bool) -> None:
    """The tolerance is 2e-5: the difference of 32-bit features and their means, 12 +- 3, has an error of 2e-6."""
    if config.cmn_window == 1 and norm_vars:
        return  # the variance of one frame is 0
    features = speech(900, 1)
    speaker = CmvnStats.of(speech(earlier_frames, 2)) if earlier_frames else None
    found = OnlineCmvn(config, GLOBAL, speaker, norm_vars=norm_vars).normalize(features)
    torch.testing.assert_close(found, kaldi_loops(features, config, GLOBAL, speaker, norm_vars), rtol=0, atol=2e-5)


@pytest.mark.parametrize("norm_vars", [False, True])
def test_once_the_window_is_full_it_slides_as_torchaudios(norm_vars: bool) -> None:
    """Kaldi's ``SlidingWindowCmn`` without centering also normalizes by the last frames; it counts one more."""
    features = speech(500, 3)
    found = OnlineCmvn(OnlineCmvnConfig(100, 100, 50), GLOBAL, norm_vars=norm_vars).normalize(features)
    sliding = torchaudio.functional.sliding_window_cmn(
        features.double(), cmn_window=99, min_cmn_window=1, norm_vars=norm_vars
    )
    torch.testing.assert_close(found[100:], sliding[100:].float(), rtol=0, atol=2e-5)


@settings(deadline=None, max_examples=30)
@given(
    lengths=st.lists(st.integers(0, 90), max_size=8),
    window=st.integers(1, 120),
    earlier_frames=st.integers(0, 50),
    norm_vars=st.booleans(),
    data=st.data(),
)
def test_pieces_of_any_length_give_the_same_rows(
    lengths: list[int], window: int, earlier_frames: int, norm_vars: bool, data: st.DataObject
) -> None:
    speaker_frames = data.draw(st.integers(2, window)) if window > 1 else 1
    config = OnlineCmvnConfig(window + norm_vars, speaker_frames, data.draw(st.integers(1, speaker_frames)))
    features, earlier = speech(sum(lengths), 4), CmvnStats.of(speech(earlier_frames, 5))
    whole = OnlineCmvn(config, GLOBAL, earlier, norm_vars=norm_vars)
    pieces = OnlineCmvn(config, GLOBAL, earlier, norm_vars=norm_vars)
    expected = whole.normalize(features)
    found = torch.cat([features[:0], *(pieces.normalize(piece) for piece in torch.split(features, lengths))])
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=2e-5)
    total = pieces.speaker_stats()
    assert total.count == whole.speaker_stats().count == earlier_frames + sum(lengths)
    np.testing.assert_allclose(total.matrix, whole.speaker_stats().matrix, rtol=1e-9)


def test_no_frame_depends_on_later_frames() -> None:
    features = speech(300, 6)
    changed = features.clone()
    changed[200:] += 50
    before, after = (OnlineCmvn(OnlineCmvnConfig(), GLOBAL).normalize(item) for item in (features, changed))
    assert torch.equal(before[:200], after[:200])


def test_the_next_utterance_starts_from_the_speakers_statistics() -> None:
    """With as many earlier frames as the window holds, the global statistics no longer matter."""
    first = OnlineCmvn(OnlineCmvnConfig(), GLOBAL)
    first.normalize(speech(700, 7))
    speaker = first.speaker_stats()
    other = CmvnStats.of(speech(500, 8) + 9)
    features = speech(50, 9)
    one, two = (OnlineCmvn(OnlineCmvnConfig(), stats, speaker).normalize(features) for stats in (GLOBAL, other))
    assert torch.equal(one, two)
    assert not torch.equal(one, OnlineCmvn(OnlineCmvnConfig(), GLOBAL).normalize(features))


def test_global_statistics_on_disk(tmp_path: Path) -> None:
    write_global_cmvn(tmp_path / "global_cmvn.stats", GLOBAL)
    np.testing.assert_array_equal(read_global_cmvn(tmp_path / "global_cmvn.stats", DIM).matrix, GLOBAL.matrix)
    with pytest.raises(FormatError, match=r"shape \(2, 6\), expected finite CMVN statistics \(2, 65\)"):
        read_global_cmvn(tmp_path / "global_cmvn.stats", 64)
    with pytest.raises(DataError, match="cmvn: online"):
        read_global_cmvn(tmp_path / "absent", DIM)
    with pytest.raises(DataError, match="no frames"):
        write_global_cmvn(tmp_path / "none", CmvnStats.zeros(DIM))
    write_value(str(tmp_path / "text"), DOUBLE_MATRIX, GLOBAL.matrix, binary=False)  # Kaldi's text form
    np.testing.assert_allclose(read_global_cmvn(tmp_path / "text", DIM).matrix, GLOBAL.matrix, rtol=1e-6)


def test_other_coefficients_are_refused() -> None:
    with pytest.raises(MismatchError, match="3 coefficients, the global statistics 5"):
        OnlineCmvn(OnlineCmvnConfig(), GLOBAL).normalize(torch.zeros(4, 3))
    with pytest.raises(MismatchError, match="statistics of a speaker have 3"):
        OnlineCmvn(OnlineCmvnConfig(), GLOBAL, CmvnStats.zeros(3))


@pytest.mark.parametrize("values", [(600, 601, 200), (600, 100, 200), (0, 0, 0), (600, 600, -1)])
def test_wrong_windows_are_refused(values: tuple[int, int, int]) -> None:
    with pytest.raises(ConfigError, match="global_frames <= speaker_frames <= cmn_window"):
        OnlineCmvnConfig(*values)


def test_digital_silence_can_be_left_out() -> None:
    """The other frames are as they would be without it, however the pieces are cut; Kaldi's way is the default."""
    generator = torch.Generator().manual_seed(4)
    sound = torch.randn(40, 3, generator=generator) * 2 + 10
    silence = torch.full((25, 3), math.log(EPSILON))
    global_stats = CmvnStats.of(torch.randn(100, 3, generator=generator) * 2 + 9)
    config = OnlineCmvnConfig(20, 20, 10)
    expected = OnlineCmvn(config, global_stats, norm_vars=True).normalize(sound)
    mixed = torch.cat([silence, sound[:15], silence, sound[15:]])
    for size in (1, 7, 90):
        running = OnlineCmvn(config, global_stats, norm_vars=True, skip_digital_silence=True)
        normalized = torch.cat([running.normalize(piece) for piece in torch.split(mixed, size)])
        torch.testing.assert_close(torch.cat([normalized[25:40], normalized[65:]]), expected, atol=1e-4, rtol=1e-4)
        assert normalized[:25].isfinite().all() and (normalized[40:65] < -5).all()
        assert running.speaker_stats().count == 40
    assert not torch.allclose(OnlineCmvn(config, global_stats, norm_vars=True).normalize(mixed)[65:], expected[15:])
