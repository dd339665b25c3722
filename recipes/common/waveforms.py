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
    """The quiet stretches of a joined string, each drawn uniformly from (shortest, longest), in seconds.

    Args:
        lead: before the first word.
        between: between two words.
        tail: after the last word.
        noise: the greatest amplitude, in steps of 16-bit samples, of the white noise that fills them.
    """

    lead: tuple[float, float]
    between: tuple[float, float]
    tail: tuple[float, float]
    noise: int


def join(words: Sequence[Samples], gaps: Gaps, rate: int, generator: np.random.Generator) -> Samples:
    """One waveform of all ``words``, unchanged and in order, with quiet noise around them."""

    def quiet(seconds: tuple[float, float]) -> Samples:
        length = int(generator.integers(round(seconds[0] * rate), round(seconds[1] * rate) + 1))
        return generator.integers(-gaps.noise, gaps.noise + 1, length).astype(np.int16)

    parts = [quiet(gaps.lead)]
    for index, word in enumerate(words):
        parts += [quiet(gaps.between), word] if index else [word]
    return np.concatenate([*parts, quiet(gaps.tail)])


def to_int16(samples: NDArray[Any]) -> Samples:
    """Rounded to 16-bit samples, clipped at their range."""
    rounded: Samples = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    return rounded


def read_wav(path: Path, rate: int) -> Samples:
    """The samples of a one-channel recording.

    Raises:
        DataError: the file is missing, truncated, no audio, of another rate or of several channels.
    """
    return to_int16(read_audio(path, sample_rate=rate)[0])


def write_wav(path: Path, samples: Samples, rate: int) -> Path:
    """Write a 16-bit wav file; returns its path."""
    with atomic_path(path) as temporary:
        soundfile.write(temporary, samples, rate, subtype="PCM_16", format="WAV")
    return path
