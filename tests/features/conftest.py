"""The five utterances of the golden feature files: their audio and what Kaldi made of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import kaldiio
import pytest
import torch
from torch import Tensor

from blasr.io.audio import read_audio


@pytest.fixture(scope="session")
def kaldi_features(golden: Path) -> Callable[[str], dict[str, Tensor]]:
    """Reads one of Kaldi's archives."""
    folder = golden / "features"
    return lambda name: {key: torch.from_numpy(value.copy()) for key, value in kaldiio.load_ark(str(folder / name))}


@pytest.fixture(scope="session")
def waveforms(golden: Path, fsdd_dir: Path, yesno_dir: Path) -> dict[str, Tensor]:
    """The audio behind the archives, by utterance-id."""

    def path(utterance: str) -> Path:
        corpus, *rest = utterance.split("-")
        return (
            yesno_dir / f"{rest[0]}.wav" if corpus == "yesno" else fsdd_dir / f"{rest[0]}_{corpus}_{int(rest[1])}.wav"
        )

    archive = kaldiio.load_ark(str(golden / "features" / "mfcc13.ark"))
    return {utterance: torch.from_numpy(read_audio(path(utterance))[0]) for utterance, _ in archive}
