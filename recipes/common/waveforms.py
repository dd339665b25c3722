"""Waveforms of the recipes: 16-bit files, and single words joined into strings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from blasr.io.atomic import atomic_path
from blasr.io.audio import read_audio

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class Gaps:
    """The pauses of a joined string. Each length is drawn uniformly from (shortest, longest), in seconds.

    Attributes:
        lead: the pause before the first word.
        between: the pause between two words.
        tail: the pause after the last word.
        noise: the largest amplitude of the white noise that fills the pauses, in steps of 16-bit samples.
    """

    lead: tuple[float, float]
    between: tuple[float, float]
    tail: tuple[float, float]
    noise: int


def join(words: Sequence[Samples], gaps: Gaps, rate: int, generator: np.random.Generator) -> Samples:
    """Return one waveform ``(N,)`` with all ``words``, unchanged and in order, and quiet noise around them."""

    def quiet(seconds: tuple[float, float]) -> Samples:
        length = int(generator.integers(round(seconds[0] * rate), round(seconds[1] * rate) + 1))
        return generator.integers(-gaps.noise, gaps.noise + 1, length).astype(np.int16)

    parts = [quiet(gaps.lead)]
    for index, word in enumerate(words):
        parts += [quiet(gaps.between), word] if index else [word]
    return np.concatenate([*parts, quiet(gaps.tail)])


def to_int16(samples: NDArray[Any]) -> Samples:
    """Round to 16-bit samples and clip to their range."""
    rounded: Samples = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    return rounded


def read_wav(path: Path, rate: int) -> Samples:
    """Return the samples ``(N,)`` of a one-channel recording.

    Raises:
        DataError: the file is missing, truncated or not audio, or has another rate or several channels.
    """
    return to_int16(read_audio(path, sample_rate=rate)[0])


def write_wav(path: Path, samples: Samples, rate: int) -> Path:
    """Write a 16-bit wav file and return its path."""
    with atomic_path(path) as temporary:
        soundfile.write(temporary, samples, rate, subtype="PCM_16", format="WAV")
    return path
