"""The configuration of chunks: defaults, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from blasr.chunks import ChunkConfig
from blasr.errors import ConfigError


def test_the_defaults_are_the_papers_windows() -> None:
    assert (ChunkConfig().chunk_frames, ChunkConfig().batch_frames) == (1, 2 * 256)


def test_balance_is_for_single_frames() -> None:
    with pytest.raises(ConfigError, match="chunk_frames is 10, expected 1"):
        ChunkConfig(chunk_frames=10, balance_gamma=0.8)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"chunk_frames": 0}, "chunk_frames is 0, expected 1 or more"),
        ({"num_workers": -1}, "num_workers is -1, expected 0 or more"),
        ({"balance_gamma": 1.5}, "balance_gamma is 1.5, expected from 0 to 1"),
    ],
)
def test_chunks_out_of_range_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ChunkConfig(**values)


def test_the_configuration_needs_no_torch() -> None:
    code = "import sys, blasr.chunks.config; assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
