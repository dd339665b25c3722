"""Data shared by the tests of data directories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.data.data_dirs import write


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    """A data directory with one second of a 440 Hz tone and a segment of 0.6 s in it."""
    times = np.arange(8000) / 8000
    soundfile.write(tmp_path / "a.wav", 0.5 * np.sin(2 * np.pi * 440 * times), 8000)
    files = {
        "wav.scp": f"rec {tmp_path}/a.wav\n",
        "segments": "ann-1 rec 0.20 0.80\n",
        "utt2spk": "ann-1 ann\n",
        "spk2utt": "ann ann-1\n",
    }
    return write(tmp_path / "data", files)
