from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torchaudio.compliance.kaldi
from torch import Tensor

from blasr.features.config import MfccConfig
from blasr.features.mfcc import Mfcc, dct_matrix


def test_mfcc_is_kaldis(waveforms: dict[str, Tensor], kaldi_features: Callable[[str], dict[str, Tensor]]) -> None:
    mfcc = Mfcc(MfccConfig())
    for utterance, features in kaldi_features("mfcc13.ark").items():
        torch.testing.assert_close(mfcc(waveforms[utterance]), features, rtol=0, atol=2e-3)


@pytest.mark.parametrize("use_energy", [True, False])
@pytest.mark.parametrize("sample_rate", [8000, 16000])
def test_mfcc_is_torchaudios(use_energy: bool, sample_rate: int) -> None:
    waveform = torch.randn(sample_rate // 2, generator=torch.Generator().manual_seed(0)) * 1000
    expected = torchaudio.compliance.kaldi.mfcc(
        waveform[None], sample_frequency=sample_rate, dither=0, use_energy=use_energy, energy_floor=0.0
    )
    actual = Mfcc(MfccConfig(sample_rate=sample_rate, use_energy=use_energy))(waveform)
    torch.testing.assert_close(actual, expected, rtol=0, atol=2e-3)


def test_the_transform_is_orthonormal() -> None:
    matrix = dct_matrix(23, 23)
    torch.testing.assert_close(matrix.T @ matrix, torch.eye(23, dtype=torch.float64))
