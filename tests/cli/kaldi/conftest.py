"""The golden triphone system, and a shorthand for running a tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.cli.main import main


@pytest.fixture
def tri(golden: Path) -> Path:
    return golden / "fsdd_tri1"


def kaldi(*words: str | Path) -> None:
    assert main(["kaldi", *map(str, words)]) == 0
