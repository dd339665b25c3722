"""Features of audio that arrives in pieces: the same frames as those of the whole recording, to float rounding.

Log-mel frames, their normalization and their deltas are three steps, each for the next piece of any length;
:class:`StreamingInputs` joins them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor

from blasr.features.cmvn import CmvnStats, apply_cmvn
from blasr.features.config import FeatureConfig
from blasr.features.deltas import stack_deltas
from blasr.features.fbank import LogMel, num_frames
from blasr.units import CONTEXT_FRAMES


class FrameNormalizer(Protocol):
    """Normalizes frames in the order of time."""

    def normalize(self, features: Tensor) -> Tensor:
        """Return the next ``(n, F)`` frames normalized."""
        ...


class FixedCmvn:
    """Normalizes with statistics that are known before the recording; nothing is changed without them."""

    def __init__(self, stats: CmvnStats | None, *, norm_vars: bool = False) -> None:
        self._stats, self._norm_vars = stats, norm_vars

    def normalize(self, features: Tensor) -> Tensor:
        """Return the next ``(n, F)`` frames normalized."""
        return features if self._stats is None else apply_cmvn(features, self._stats, self._norm_vars)


class StreamingLogMel:
    """Log-mel frames of audio in pieces; a frame comes when its last sample is there.

    With ``snip_edges: false``, the recording is mirrored at its beginning and, by :meth:`finish`, at its end.
    """

    def __init__(self, config: FeatureConfig) -> None:
        self._config = config
        self._log_mel = LogMel(replace(config, snip_edges=True))  # cuts frames as they lie
        length, shift = config.frame_length_samples, config.frame_shift_samples
        self._first = 0 if config.snip_edges else shift // 2 - length // 2  # where frame 0 begins
        self._samples = torch.zeros(0)
        self._begin = 0  # where the kept samples begin
        self._frames = 0  # so far

    def accept(self, samples: Tensor) -> Tensor:
        """Return the frames ``(n, F)`` that the next samples ``(N,)``, in 16-bit range, complete."""
        self._samples = torch.cat([self._samples, samples])
        if self._begin == 0 and self._first < 0:
            if len(self._samples) < self._config.frame_length_samples:
                return self._nothing()
            self._samples = torch.cat([self._samples[: -self._first].flip(0), self._samples])
            self._begin = self._first
        return self._completed()

    def finish(self) -> Tensor:
        """Return the last frames ``(n, F)``.

        Raises:
            TooShortError: the recording does not last one frame.
        """
        config = self._config
        if self._begin == 0 and self._frames == 0:
            whole: Tensor = LogMel(config)(self._samples)  # it ends before its first frame could be cut
            return whole
        if config.snip_edges:
            return self._nothing()
        total = num_frames(self._begin + len(self._samples), config)
        end = self._first + (total - 1) * config.frame_shift_samples + config.frame_length_samples
        missing = end - self._begin - len(self._samples)
        if missing > 0:
            self._samples = torch.cat([self._samples, self._samples[-missing:].flip(0)])
        return self._completed(total)

    def _completed(self, total: int | None = None) -> Tensor:
        """Return the frames up to ``total`` whose samples are all there, and forget what no frame needs any more."""
        length, shift = self._config.frame_length_samples, self._config.frame_shift_samples
        start = self._first + self._frames * shift - self._begin
        frames = max(0, (len(self._samples) - start - length) // shift + 1)
        if total is not None:
            frames = min(frames, total - self._frames)
        if frames <= 0:
            return self._nothing()
        features: Tensor = self._log_mel(self._samples[start : start + (frames - 1) * shift + length])
        self._frames += frames
        forget = max(0, start + frames * shift - length)  # a frame's length stays, to be mirrored at the end
        self._samples = self._samples[forget:].clone()
        self._begin += forget
        return features

    def _nothing(self) -> Tensor:
        return torch.zeros(0, self._config.num_mel_bins)


class StreamingDeltas:
    """Frames with their deltas and delta-deltas; a frame comes when the ``2 * window`` frames after it are there."""

    def __init__(self, window: int = 2) -> None:
        self._window, self._reach = window, 2 * window
        self._kept: Tensor | None = None  # the frames from `reach` before the next output on
        self._before = 0  # how many of them are before it

    def accept(self, features: Tensor) -> Tensor:
        """Return the next ``(3, F, n)`` of static features ``(N, F)``."""
        self._kept = features if self._kept is None else torch.cat([self._kept, features])
        return self._completed(len(self._kept) - self._before - self._reach)

    def finish(self) -> Tensor:
        """Return the last ``(3, F, n)``, with the last frame repeated after the end; there must have been a frame."""
        if self._kept is None:
            raise AssertionError("there was no frame")
        return self._completed(len(self._kept) - self._before)

    def _completed(self, frames: int) -> Tensor:
        assert self._kept is not None
        if frames <= 0:
            return self._kept.new_zeros(3, self._kept.shape[1], 0)
        # the edges that stack_deltas repeats are those of the recording, or are cut off here
        output = stack_deltas(self._kept, window=self._window)[..., self._before : self._before + frames]
        forget = max(0, self._before + frames - self._reach)
        self._kept = self._kept[forget:].clone()
        self._before += frames - forget
        return output


class StreamingInputs:
    """The network's inputs of audio or of log-mel frames in pieces, with 24 frames of context at both ends.

    An input frame comes ``2 * delta_window`` frames (40 ms) after its own samples; the network adds 24 frames (240 ms).

    Args:
        config: the features.
        normalizer: normalizes the frames.
    """

    def __init__(self, config: FeatureConfig, normalizer: FrameNormalizer) -> None:
        self.config = config
        self._log_mel, self._deltas = StreamingLogMel(config), StreamingDeltas(config.delta_window)
        self._normalizer = normalizer
        self._last: Tensor | None = None  # (3, F, 1)

    def accept(self, samples: Tensor) -> Tensor:
        """Return the next inputs ``(3, F, n)`` of samples ``(N,)`` in 16-bit range."""
        return self.accept_features(self._log_mel.accept(samples))

    def accept_features(self, features: Tensor) -> Tensor:
        """Return the next inputs ``(3, F, n)`` of log-mel frames ``(N, F)``, not normalized, in place of samples."""
        if not len(features):
            return features.new_zeros(3, features.shape[1], 0)
        return self._with_context(self._deltas.accept(self._normalizer.normalize(features)))

    def finish(self, *, of_features: bool = False) -> Tensor:
        """Return the last inputs ``(3, F, n)``.

        Args:
            of_features: whether log-mel frames were given and not samples.

        Raises:
            TooShortError: the recording does not last one frame.
        """
        pieces = [] if of_features else [self.accept_features(self._log_mel.finish())]
        pieces.append(self._with_context(self._deltas.finish()))
        assert self._last is not None
        pieces.append(self._last.expand(-1, -1, CONTEXT_FRAMES))
        return torch.cat(pieces, dim=2)

    def _with_context(self, inputs: Tensor) -> Tensor:
        """Repeat the first frame of all in front of it."""
        if not inputs.shape[2]:
            return inputs
        if self._last is None:
            inputs = torch.cat([inputs[..., :1].expand(-1, -1, CONTEXT_FRAMES), inputs], dim=2)
        self._last = inputs[..., -1:].clone()
        return inputs
