"""Resampling of audio that arrives in pieces: the samples of the whole recording, to float rounding."""

from __future__ import annotations

import math
from typing import Final

import torch
import torchaudio
from torch import Tensor

from blasr.errors import DataError

MAX_FILTER_TAPS: Final = 100_000_000
"""The largest resampling filter: the product of both rates over their greatest common divisor. Larger ones would fill
the memory."""

FILTER_WIDTH: Final = 6
"""Zero crossings of the filter on each side, the default of ``torchaudio.functional.resample``."""


def check_rates(rate: int, wanted: int) -> None:
    """Refuse rates whose filter would fill the memory.

    Raises:
        DataError: the rate cannot be converted.
    """
    divisor = math.gcd(rate, wanted)
    if (rate // divisor) * (wanted // divisor) > MAX_FILTER_TAPS:
        message = f"has a sample rate of {rate} Hz, which blasr cannot resample to {wanted} Hz"
        raise DataError(message, fix=f"resample it first (sox IN -r {wanted} OUT.wav)")


class StreamingResampler:
    """Converts a stream from one sample rate to another.

    Args:
        rate: of the samples that come in, in Hz.
        wanted: of those that go out, in Hz.

    Raises:
        DataError: the rate cannot be converted.
    """

    def __init__(self, rate: int, wanted: int) -> None:
        check_rates(rate, wanted)
        divisor = math.gcd(rate, wanted)
        self._rate, self._wanted = rate, wanted
        self._block_in, self._block_out = rate // divisor, wanted // divisor
        # torchaudio's filter reaches this far; the nearest rates use most of it, others less
        reach = math.ceil(FILTER_WIDTH * self._block_in / (min(self._block_in, self._block_out) * 0.99))
        self._context = -(-reach // self._block_in) + 1  # in blocks
        self._samples = torch.zeros(0)
        self._blocks_before = 0  # blocks at the beginning of the kept samples that are context

    def accept(self, samples: Tensor) -> Tensor:
        """Return what the next samples ``(N,)`` complete."""
        if self._rate == self._wanted:
            return samples
        self._samples = torch.cat([self._samples, samples])
        blocks = len(self._samples) // self._block_in - self._blocks_before - self._context
        if blocks <= 0:
            return torch.zeros(0)
        begin = self._blocks_before * self._block_out
        output = self._resampled()[begin : begin + blocks * self._block_out].clone()
        used = self._blocks_before + blocks
        self._blocks_before = min(used, self._context)
        self._samples = self._samples[(used - self._blocks_before) * self._block_in :].clone()
        return output

    def finish(self) -> Tensor:
        """Return the last samples."""
        if self._rate == self._wanted or not len(self._samples):
            return torch.zeros(0)
        return self._resampled()[self._blocks_before * self._block_out :]

    def _resampled(self) -> Tensor:
        resampled: Tensor = torchaudio.functional.resample(
            self._samples, self._rate, self._wanted, lowpass_filter_width=FILTER_WIDTH
        )
        return resampled
