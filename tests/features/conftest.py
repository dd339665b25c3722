"""The five utterances of the golden feature files with Kaldi's features, and a data directory of two voices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import kaldiio
import pytest
import soundfile
import torch
from torch import Tensor

from blasr.data.data_dir import DataDir, Utterance
from blasr.io.audio import read_audio
from tests.features.voices import voice


@pytest.fixture(scope="session")
def kaldi_features(golden: Path) -> Callable[[str], dict[str, Tensor]]:
    """Reads one of Kaldi's archives."""
    folder = golden / "features"
    return lambda name: {key: torch.from_numpy(value.copy()) for key, value in kaldiio.load_ark(str(folder / name))}


@pytest.fixture(scope="session")
def waveforms(golden: Path, fsdd_dir: Path, yesno_dir: Path) -> dict[str, Tensor]:
    """The audio of the archives, by utterance-id."""

    def path(utterance: str) -> Path:
        corpus, *rest = utterance.split("-")
        return (
            yesno_dir / f"{rest[0]}.wav" if corpus == "yesno" else fsdd_dir / f"{rest[0]}_{corpus}_{int(rest[1])}.wav"
        )

    archive = kaldiio.load_ark(str(golden / "features" / "mfcc13.ark"))
    return {utterance: torch.from_numpy(read_audio(path(utterance))[0]) for utterance, _ in archive}


@pytest.fixture
def data_dir(tmp_path: Path) -> DataDir:
    """Two speakers with three utterances each."""
    recordings, utterances = {}, []
    for speaker, pitch in (("ann", 210.0), ("bob", 110.0)):
        for index in range(3):
            name = f"{speaker}-{index}"
            recordings[name] = str(tmp_path / f"{name}.wav")
            soundfile.write(recordings[name], voice(0.3 + 0.1 * index, pitch + 5 * index, index), 8000)
            utterances.append(Utterance(name, speaker, name))
    return DataDir(tmp_path, tuple(utterances), recordings)
