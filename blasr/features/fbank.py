"""Log-mel features in torch, equal to Kaldi's to rounding (``feat/feature-window.cc``, ``feat/feature-fbank.cc``)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import torch
from torch import Tensor, nn

from blasr.errors import DataError
from blasr.features.config import FeatureConfig
from blasr.features.mel import mel_filters

EPSILON = torch.finfo(torch.float32).eps
"""The floor of energies before the logarithm."""

BLOCK_FRAMES = 512
"""How many frames are transformed at a time."""


TOO_SHORT: Final = "too short for one frame"
"""The reason given when utterances without a frame are dropped."""


class TooShortError(DataError):
    """Audio that is shorter than one frame."""

    usual_reason = TOO_SHORT


def num_frames(num_samples: int, config: FeatureConfig) -> int:
    """Return the number of frames of ``num_samples`` samples (Kaldi's ``NumFrames``)."""
    length, shift = config.frame_length_samples, config.frame_shift_samples
    if config.snip_edges:
        return 0 if num_samples < length else 1 + (num_samples - length) // shift
    return (num_samples + shift // 2) // shift


def is_sounding(features: Tensor) -> Tensor:
    """Return, bool ``(T,)``, which log-mel frames ``(T, F)`` are not digital silence, as on a muted line."""
    sounding: Tensor = (features > math.log(EPSILON) + 1e-3).any(dim=1)
    return sounding


class Frames(nn.Module):
    """Cuts waveforms ``(..., N)`` into frames ``(..., T, frame_length)``, without DC, pre-emphasized and windowed."""

    window: Tensor

    def __init__(self, config: FeatureConfig) -> None:
        super().__init__()
        self.config = config
        length = config.frame_length_samples
        phase = 2 * math.pi / (length - 1) * torch.arange(length, dtype=torch.float64)
        povey = (0.5 - 0.5 * torch.cos(phase)).clamp(min=0.0) ** 0.85
        self.register_buffer("window", povey.float(), persistent=False)

    def blocks(self, waveform: Tensor, generator: torch.Generator | None = None) -> Iterator[Tensor]:
        """Yield frames with dither and without DC, some hundreds at a time. Kaldi's raw energy is computed from these.

        The blocks fit into the processor's cache, and they limit the memory that an hour-long recording needs.
        """
        config = self.config
        for frames in torch.split(self._unfold(waveform), BLOCK_FRAMES, dim=-2):
            if config.dither > 0:
                noise = torch.randn(frames.shape, generator=generator, device=frames.device, dtype=frames.dtype)
                frames = frames + config.dither * noise
            yield frames - frames.mean(dim=-1, keepdim=True)

    def emphasize(self, frames: Tensor) -> Tensor:
        """Apply pre-emphasis, with the first sample as its own predecessor, and the window."""
        previous = torch.cat([frames[..., :1], frames[..., :-1]], dim=-1)
        return (frames - self.config.preemphasis * previous) * self.window

    def _unfold(self, waveform: Tensor) -> Tensor:
        config = self.config
        samples = waveform.shape[-1]
        length, shift = config.frame_length_samples, config.frame_shift_samples
        frames = num_frames(samples, config)
        if frames == 0:
            raise TooShortError(
                f"found {samples} samples, too short for one frame; expected at least "
                f"{length if config.snip_edges else shift - shift // 2}",
                fix="remove it from the data directory",
            )
        if not config.snip_edges:
            # frames are centered on the shifts; the waveform is mirrored at its ends, with the edge sample repeated
            first = shift // 2 - length // 2
            index = torch.arange(first, first + (frames - 1) * shift + length, device=waveform.device)
            index = index.remainder(2 * samples)
            waveform = waveform[..., torch.minimum(index, 2 * samples - 1 - index)]
        return waveform.unfold(-1, length, shift)


class LogMel(nn.Module):
    """Turns waveforms ``(..., N)`` in 16-bit range into natural-log mel energies ``(..., T, F=num_mel_bins)``."""

    filters: Tensor

    def __init__(self, config: FeatureConfig) -> None:
        super().__init__()
        self.config = config
        self.frames = Frames(config)
        self.register_buffer("filters", torch.from_numpy(mel_filters(config)).T.contiguous(), persistent=False)
        self._warped: dict[float, Tensor] = {}

    def forward(self, waveform: Tensor, *, vtln_warp: float = 1.0, generator: torch.Generator | None = None) -> Tensor:
        """Return log-mel energies.

        Args:
            waveform: ``(..., N)``.
            vtln_warp: Kaldi's --vtln-warp; the filterbank of each warp is cached.
            generator: the source of the dither.

        Raises:
            TooShortError: the waveform is too short for one frame.
            ConfigError: the frequency range does not allow the warp.
        """
        blocks = self.frames.blocks(waveform, generator)
        return torch.cat([self.from_frames(self.frames.emphasize(block), vtln_warp) for block in blocks], dim=-2)

    def from_frames(self, frames: Tensor, vtln_warp: float = 1.0) -> Tensor:
        """Return log-mel energies ``(..., T, F)`` of windowed frames ``(..., T, frame_length)``."""
        spectrum = torch.fft.rfft(frames, n=self.config.fft_samples)
        power = spectrum.real.square() + spectrum.imag.square()
        energies: Tensor = power @ self.warped_filters(vtln_warp)
        return energies.clamp(min=EPSILON).log()

    def warped_filters(self, vtln_warp: float) -> Tensor:
        """Return the filterbank ``(fft_samples / 2 + 1, F)`` of one warp, on the device of the module."""
        if vtln_warp == 1.0:
            return self.filters
        if vtln_warp not in self._warped:
            weights = torch.from_numpy(mel_filters(self.config, vtln_warp)).T.contiguous()
            self._warped[vtln_warp] = weights.to(self.filters.device)
        return self._warped[vtln_warp]
