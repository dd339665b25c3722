"""Configurations of scoring and transcription: what is refused, and that reading them imports nothing slow."""

from __future__ import annotations

import subprocess
import sys

import pytest

from blasr.errors import ConfigError
from blasr.inference.config import TRANSCRIPT_SUFFIXES, PriorConfig, ScoringConfig, SegmentationConfig
from blasr.inference.transcript_formats import FORMATS


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PriorConfig(smoothing=-1.0), "smoothing is -1.0"),
        (lambda: PriorConfig(floor=0.0), "floor is 0.0"),
        (lambda: ScoringConfig(prior_scale=float("nan")), "prior_scale is nan"),
        (lambda: ScoringConfig(piece_frames=0), "piece_frames is 0"),
        (lambda: SegmentationConfig(5.0, 6.0), "max_seconds 5.0, min_seconds 6.0"),
        (lambda: SegmentationConfig(overlap_seconds=13.0), "overlap_seconds 13.0"),
    ],
)
def test_values_out_of_range_are_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(ConfigError, match=message):
        make()


def test_every_format_has_a_suffix() -> None:
    assert list(TRANSCRIPT_SUFFIXES) == list(FORMATS)


def test_it_is_light() -> None:
    script = "import blasr.inference.config, sys; print(sorted({'torch', 'numpy', 'numba'} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
