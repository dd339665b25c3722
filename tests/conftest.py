"""Fixtures for real speech and golden files. Tests that need a missing one are skipped, with the reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("blasr", deadline=None)  # tests must not fail because the machine is busy
settings.load_profile("blasr")


def _path_of(variable: str, what: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set: this test needs {what}")
    path = Path(value)
    if not path.exists():
        pytest.fail(f"{variable}={value}: no such file or folder")
    return path


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of files written by Kaldi."""
    return _path_of("BLASR_GOLDEN", "Kaldi's golden files")


@pytest.fixture(scope="session")
def cases_dir() -> Path:
    """The folder of small inputs that once failed."""
    return _path_of("BLASR_CASES", "the inputs that once failed")


@pytest.fixture(scope="session")
def fsdd_dir() -> Path:
    """The folder of the Free Spoken Digit Dataset's recordings."""
    return _path_of("BLASR_FSDD", "the FSDD recordings")


@pytest.fixture(scope="session")
def yesno_dir() -> Path:
    """The folder of the yesno corpus's recordings (waves_yesno)."""
    return _path_of("BLASR_YESNO", "the yesno recordings")


@pytest.fixture(scope="session")
def an4_dir() -> Path:
    """The folder of the AN4 corpus, with ``etc`` and ``wav``."""
    return _path_of("BLASR_AN4", "the AN4 corpus")


@pytest.fixture(scope="session")
def librispeech_dir() -> Path:
    """The folder of the 8 kHz part of LibriSpeech, with ``train``, ``dev`` and ``test``."""
    return _path_of("BLASR_LIBRISPEECH", "LibriSpeech recordings at 8 kHz")


@pytest.fixture(scope="session")
def cmudict_dir() -> Path:
    """The folder of the CMU pronouncing dictionary."""
    return _path_of("BLASR_CMUDICT", "the CMU pronouncing dictionary")


@pytest.fixture(scope="session")
def cifar10_archive() -> Path:
    """The archive of the CIFAR-10 images."""
    return _path_of("BLASR_CIFAR10", "the CIFAR-10 images")
