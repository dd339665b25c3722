"""Mel-frequency cepstral coefficients, as Kaldi's ``feat/feature-mfcc.cc``."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from blasr.features.config import MfccConfig
from blasr.features.fbank import EPSILON, Frames, LogMel


def dct_matrix(num_ceps: int, num_mel_bins: int) -> Tensor:
    """Return the first rows of the orthonormal type-II cosine transform, transposed: ``(num_mel_bins, num_ceps)``."""
    bins = torch.arange(num_mel_bins, dtype=torch.float64)[:, None] + 0.5
    matrix = torch.cos(math.pi / num_mel_bins * bins * torch.arange(num_ceps)) * math.sqrt(2 / num_mel_bins)
    matrix[:, 0] = math.sqrt(1 / num_mel_bins)
    return matrix


class Mfcc(nn.Module):
    """Turns waveforms ``(..., N)`` in 16-bit range into cepstra ``(..., T, D=num_ceps)``."""

    transform: Tensor

    def __init__(self, config: MfccConfig) -> None:
        super().__init__()
        self.config = config
        self.log_mel = LogMel(config)
        transform = dct_matrix(config.num_ceps, config.num_mel_bins)
        if config.cepstral_lifter > 0:
            phase = math.pi / config.cepstral_lifter * torch.arange(config.num_ceps, dtype=torch.float64)
            transform = transform * (1 + 0.5 * config.cepstral_lifter * torch.sin(phase))
        self.register_buffer("transform", transform.float(), persistent=False)

    def forward(self, waveform: Tensor, *, vtln_warp: float = 1.0, generator: torch.Generator | None = None) -> Tensor:
        """Return liftered cepstra; arguments and errors as in :meth:`blasr.features.fbank.LogMel.forward`."""
        frames: Frames = self.log_mel.frames
        return torch.cat([self._cepstra(block, vtln_warp) for block in frames.blocks(waveform, generator)], dim=-2)

    def _cepstra(self, raw: Tensor, vtln_warp: float) -> Tensor:
        log_mel = self.log_mel.from_frames(self.log_mel.frames.emphasize(raw), vtln_warp)
        return self.from_log_mel(log_mel, raw.square().sum(dim=-1).clamp(min=EPSILON).log())

    def from_log_mel(self, log_mel: Tensor, log_energy: Tensor) -> Tensor:
        """Return liftered cepstra ``(..., D)`` of log-mel energies ``(..., F)`` and frame log energies ``(...)``."""
        cepstra = log_mel @ self.transform
        if self.config.use_energy:
            cepstra[..., 0] = log_energy
        return cepstra
