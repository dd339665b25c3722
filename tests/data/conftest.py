"""Data shared by the tests of data directories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.data.data_dirs import RAMP, write


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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data directory without problems: two calls of one second, three segments, two speakers."""
    for name in ("call1", "call2"):
        soundfile.write(tmp_path / f"{name}.wav", np.stack([RAMP, -RAMP], axis=1), 8000)
    path = tmp_path / "data"
    path.mkdir()
    tables = {
        "wav.scp": f"call1 {tmp_path}/call1.wav\ncall2 {tmp_path}/call2.wav\n",
        "segments": "ann-1 call1 0.0 0.5 0\nann-2 call2 0.25 -1 0\nbob-1 call1 0.5 1.0 1\n",
        "utt2spk": "ann-1 ann\nann-2 ann\nbob-1 bob\n",
        "spk2utt": "ann ann-1 ann-2\nbob bob-1\n",
        "text": "ann-1 one two\nann-2\nbob-1 three\n",
    }
    for name, content in tables.items():
        (path / name).write_text(content)
    return path
