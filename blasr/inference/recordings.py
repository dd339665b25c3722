"""Audio files of any kind as the network reads them: one signal for each side, at the network's sample rate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torchaudio

from blasr.errors import DataError
from blasr.inference.resampling import check_rates
from blasr.io.audio import read_channels
from blasr.io.audio_source import STANDARD_INPUT
from blasr.threads import one_torch_thread
from blasr.units import FloatArray


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a recording.

    Attributes:
        label: ``1`` for a file with one channel, ``A`` and ``B`` for two channels, otherwise the channel from 1.
        samples: ``(N,)`` in 16-bit range.
    """

    label: str
    samples: FloatArray


@dataclass(frozen=True, eq=False)
class Recording:
    """A file's signals.

    Attributes:
        path: the file.
        name: the file name without folder, suffix and white space, as CTM and text need it.
        seconds: its duration.
        file_rate: the sample rate in the file, in Hz.
        sample_rate: the sample rate of the signals, in Hz.
        sides: the chosen channels.
    """

    path: Path
    name: str
    seconds: float
    file_rate: int
    sample_rate: int
    sides: tuple[Side, ...]


def recording_name(path: Path) -> str:
    """Return the name of a file in transcripts; ``stdin`` for the standard input."""
    if str(path) == STANDARD_INPUT:
        return "stdin"
    return re.sub(r"\s+", "_", path.stem.strip()) or "_"


def read_recording(path: Path, sample_rate: int, *, channel: int | None = None, mix: bool = False) -> Recording:
    """Read a file that libsndfile can read (wav, flac, ogg, mp3, sph and others), resampled where needed.

    Args:
        path: the file; ``-`` is the standard input.
        sample_rate: of the signals, in Hz.
        channel: the only channel to read, from 0; by default each channel is a side.
        mix: return one signal, the mean of all channels.

    Raises:
        DataError: the file is missing, truncated, empty or not audio, lacks the channel, or has a sample rate
            that cannot be converted.
    """
    signals, rate, num_channels = read_channels(path, channel)
    labels = [_label(number, num_channels) for number in (range(num_channels) if channel is None else [channel])]
    seconds = signals.shape[1] / rate
    if mix and channel is None:
        signals, labels = np.mean(signals, axis=0, dtype=np.float32, keepdims=True), ["1"]
    sides = tuple(
        Side(label, _resampled(signal, rate, sample_rate, path)) for label, signal in zip(labels, signals, strict=True)
    )
    return Recording(path, recording_name(path), seconds, rate, sample_rate, sides)


def _label(channel: int, num_channels: int) -> str:
    return "AB"[channel] if num_channels == 2 else str(channel + 1)


@one_torch_thread()
def _resampled(signal: FloatArray, rate: int, wanted: int, path: Path) -> FloatArray:
    if rate == wanted:
        return signal
    try:
        check_rates(rate, wanted)
    except DataError as error:
        raise error.at(path=path) from None
    resampled: FloatArray = torchaudio.functional.resample(torch.from_numpy(signal), rate, wanted).numpy()
    return resampled
