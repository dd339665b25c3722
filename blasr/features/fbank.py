"""Log-mel features in torch, bit-close to Kaldi's (``feat/feature-window.cc``, ``feat/feature-fbank.cc``)."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from blasr.errors import DataError
from blasr.features.config import FeatureConfig
from blasr.features.mel import mel_filters

EPSILON = torch.finfo(torch.float32).eps
"""The floor under energies before the logarithm."""

BLOCK_FRAMES = 512
"""Frames that are transformed at a time."""


class TooShortError(DataError):
    """Speech that does not last one frame."""


def num_frames(num_samples: int, config: FeatureConfig) -> int:
    """How many frames ``num_samples`` samples give (Kaldi's ``NumFrames``)."""
    length, shift = config.frame_length_samples, config.frame_shift_samples
    if config.snip_edges:
        return 0 if num_samples < length else 1 + (num_samples - length) // shift
    return (num_samples + shift // 2) // shift


class Frames(nn.Module):
    """Waveforms cut into frames without DC, emphasized and windowed: ``(..., N) -> (..., T, frame_length)``."""

    window: Tensor

    def __init__(self, config: FeatureConfig) -> None:
        super().__init__()
        self.config = config
        length = config.frame_length_samples
        phase = 2 * math.pi / (length - 1) * torch.arange(length, dtype=torch.float64)
        povey = (0.5 - 0.5 * torch.cos(phase)).clamp(min=0.0) ** 0.85
        self.register_buffer("window", povey.float(), persistent=False)

    def blocks(self, waveform: Tensor, generator: torch.Generator | None = None) -> Iterator[Tensor]:
        """Frames with dither and without DC, as they are when Kaldi takes their raw energy, some hundreds at a time.

        Blocks fit the processor's cache and bound the memory that an hour-long recording needs.
        """
        config = self.config
        for frames in torch.split(self._unfold(waveform), BLOCK_FRAMES, dim=-2):
            if config.dither > 0:
                noise = torch.randn(frames.shape, generator=generator, device=frames.device, dtype=frames.dtype)
                frames = frames + config.dither * noise
            yield frames - frames.mean(dim=-1, keepdim=True)

    def emphasize(self, frames: Tensor) -> Tensor:
        """Pre-emphasis, where the first sample stands in for the one before it, and the window."""
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
                fix="take it out of the data directory",
            )
        if not config.snip_edges:
            # frames are centered on the shifts; beyond its ends the waveform is mirrored, the edge sample repeated
            first = shift // 2 - length // 2
            index = torch.arange(first, first + (frames - 1) * shift + length, device=waveform.device)
            index = index.remainder(2 * samples)
            waveform = waveform[..., torch.minimum(index, 2 * samples - 1 - index)]
        return waveform.unfold(-1, length, shift)


class LogMel(nn.Module):
    """Waveforms ``(..., N)`` in 16-bit range to natural-log mel energies ``(..., T, F=num_mel_bins)``."""

    filters: Tensor

    def __init__(self, config: FeatureConfig) -> None:
        super().__init__()
        self.config = config
        self.frames = Frames(config)
        self.register_buffer("filters", torch.from_numpy(mel_filters(config)).T.contiguous(), persistent=False)
        self._warped: dict[float, Tensor] = {}

    def forward(self, waveform: Tensor, *, vtln_warp: float = 1.0, generator: torch.Generator | None = None) -> Tensor:
        """Log-mel energies.

        Args:
            waveform: ``(..., N)``.
            vtln_warp: Kaldi's --vtln-warp; filterbanks of each warp are kept.
            generator: where the dither is drawn from.

        Raises:
            TooShortError: the waveform is too short for one frame.
            ConfigError: the warp does not fit the range of frequencies.
        """
        blocks = self.frames.blocks(waveform, generator)
        return torch.cat([self.from_frames(self.frames.emphasize(block), vtln_warp) for block in blocks], dim=-2)

    def from_frames(self, frames: Tensor, vtln_warp: float = 1.0) -> Tensor:
        """Log-mel energies of windowed frames ``(..., T, frame_length)``."""
        spectrum = torch.fft.rfft(frames, n=self.config.fft_samples)
        power = spectrum.real.square() + spectrum.imag.square()
        energies: Tensor = power @ self.warped_filters(vtln_warp)
        return energies.clamp(min=EPSILON).log()

    def warped_filters(self, vtln_warp: float) -> Tensor:
        """The filterbank ``(fft_samples / 2 + 1, F)`` of one warp, on the module's device."""
        if vtln_warp == 1.0:
            return self.filters
        if vtln_warp not in self._warped:
            weights = torch.from_numpy(mel_filters(self.config, vtln_warp)).T.contiguous()
            self._warped[vtln_warp] = weights.to(self.filters.device)
        return self._warped[vtln_warp]
