from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import kaldiio
import numpy as np
import pytest
import torch
from torch import Tensor

from blasr.errors import FormatError
from blasr.features.cmvn import CmvnStats, apply_cmvn, read_cmvn_stats
from blasr.features.config import FeatureConfig
from blasr.features.deltas import add_deltas
from blasr.features.fbank import LogMel

Archive = Callable[[str], dict[str, Tensor]]


def test_statistics_are_kaldis(kaldi_features: Archive) -> None:
    expected = kaldi_features("cmvn_utt.ark")
    for utterance, features in kaldi_features("fbank64.ark").items():
        actual = torch.from_numpy(CmvnStats.of(features).matrix)
        torch.testing.assert_close(actual, expected[utterance].double(), rtol=1e-7, atol=0)


def test_normalized_features_are_kaldis(kaldi_features: Archive) -> None:
    expected = kaldi_features("fbank64_cmvn.ark")
    for utterance, features in kaldi_features("fbank64.ark").items():
        actual = apply_cmvn(features, CmvnStats.of(features), norm_vars=True)
        torch.testing.assert_close(actual, expected[utterance], rtol=0, atol=1e-4)


def test_the_chain_from_audio_is_kaldis(waveforms: dict[str, Tensor], kaldi_features: Archive) -> None:
    log_mel = LogMel(FeatureConfig())
    for utterance, expected in kaldi_features("fbank64_cmvn_mean_deltas.ark").items():
        features = log_mel(waveforms[utterance])
        actual = add_deltas(apply_cmvn(features, CmvnStats.of(features)))
        torch.testing.assert_close(actual, expected, rtol=0, atol=2e-3)


def test_statistics_add_up() -> None:
    features = torch.randn(50, 3, generator=torch.Generator().manual_seed(0)) + 5
    total = CmvnStats.total([CmvnStats.of(features[:20]), CmvnStats.of(features[20:])])
    np.testing.assert_allclose(total.matrix, CmvnStats.of(features).matrix, rtol=1e-12)
    assert total.count == 50
    normalized = apply_cmvn(features, total, norm_vars=True)
    torch.testing.assert_close(normalized.mean(dim=0), torch.zeros(3), rtol=0, atol=1e-5)
    torch.testing.assert_close(normalized.var(dim=0, correction=0), torch.ones(3), rtol=0, atol=1e-4)


def test_a_constant_coefficient_stays_finite() -> None:
    features = torch.full((5, 2), 7.0)
    assert torch.equal(apply_cmvn(features, CmvnStats.of(features), norm_vars=True), torch.zeros(5, 2))


def test_an_archive_is_read_exactly(tmp_path: Path) -> None:
    stats = {name: CmvnStats.of(torch.randn(9, 4) * 1e3) for name in ("ann", "zoe")}
    kaldiio.save_ark(str(tmp_path / "cmvn.ark"), {name: item.matrix for name, item in stats.items()})
    again = read_cmvn_stats(tmp_path / "cmvn.ark")
    assert list(again) == ["ann", "zoe"]
    assert all(np.array_equal(again[name].matrix, item.matrix) for name, item in stats.items())  # doubles, so exactly


def test_kaldis_own_archive_is_read(golden: Path) -> None:
    stats = read_cmvn_stats(golden / "features" / "cmvn_utt.ark")
    assert {item.dim for item in stats.values()} == {64}


def test_other_matrices_are_refused(tmp_path: Path) -> None:
    kaldiio.save_ark(str(tmp_path / "x.ark"), {"utt": np.ones((3, 5), dtype=np.float32)})
    with pytest.raises(FormatError, match=r"found a matrix of shape \(3, 5\) for utt"):
        read_cmvn_stats(tmp_path / "x.ark")
