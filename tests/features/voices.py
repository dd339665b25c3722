"""Synthetic speech for the tests of features."""

from __future__ import annotations

import numpy as np


def voice(seconds: float, pitch: float, seed: int) -> np.ndarray:
    """A buzz of harmonics under a formant, in noise."""
    time = np.arange(int(seconds * 8000)) / 8000
    buzz = sum(np.sin(2 * np.pi * pitch * k * time) / (1 + abs(pitch * k - 700) / 200) for k in range(1, 20))
    noise = np.random.default_rng(seed).normal(size=len(time))
    return np.asarray(0.05 * buzz + 0.003 * noise, dtype=np.float32)
