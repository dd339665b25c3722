"""Where the real speech and the golden files are; tests that need an absent one are skipped with the reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("blasr", deadline=None)  # a busy machine is not a failure
settings.load_profile("blasr")


def _folder(variable: str, what: str) -> Path:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set: this test needs {what}")
    path = Path(value)
    if not path.is_dir():
        pytest.fail(f"{variable}={value} is not a folder")
    return path


@pytest.fixture(scope="session")
def golden() -> Path:
    """Files that real Kaldi wrote."""
    return _folder("BLASR_GOLDEN", "Kaldi's golden files")


@pytest.fixture(scope="session")
def fsdd_dir() -> Path:
    """The recordings of the Free Spoken Digit Dataset."""
    return _folder("BLASR_FSDD", "the FSDD recordings")


@pytest.fixture(scope="session")
def yesno_dir() -> Path:
    """The recordings of the yesno corpus (waves_yesno)."""
    return _folder("BLASR_YESNO", "the yesno recordings")
