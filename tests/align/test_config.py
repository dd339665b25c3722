from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from blasr.align.config import (
    AlignmentBeams,
    AlignmentScales,
    FlatStartConfig,
    GmmConfig,
    MonophoneConfig,
    RealignConfig,
    TreeOptions,
    TriphoneConfig,
)
from blasr.errors import ConfigError
from blasr.features.config import MfccConfig

HEAVY = ("numpy", "torch", "numba", "kaldifst", "soundfile")


def test_importing_it_loads_no_numerical_library() -> None:
    code = f"import sys, blasr.align.config; print([name for name in {HEAVY} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_defaults_are_those_of_kaldis_scripts() -> None:
    config = FlatStartConfig()
    assert config.scales == RealignConfig().scales == AlignmentScales(1.0, 0.1, 0.1)
    assert config.monophone.beams == RealignConfig().beams == AlignmentBeams(10.0, 40.0)
    assert config.triphone.tree == TreeOptions(max_leaves=2000, split_threshold=300.0, cluster_threshold=-1.0)


def test_no_workers_means_all_cores() -> None:
    assert RealignConfig(nj=3).num_workers == 3
    assert RealignConfig().num_workers == 1
    assert RealignConfig(nj=0).num_workers == os.cpu_count()


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (MonophoneConfig, {"num_iters": 0}, "at least 1"),
        (MonophoneConfig, {"boost_silence": 0.0}, "boost_silence: found 0.0"),
        (MonophoneConfig, {"beam": 50.0}, r"found beam 50.0 and retry_beam 40.0, expected 0 < beam <= retry_beam"),
        (TriphoneConfig, {"num_leaves": 0}, "num_leaves: found 0"),
        (TriphoneConfig, {"central_position": 3}, "central_position 3 is outside the 3 phones"),
        (FlatStartConfig, {"batch_frames": 0}, "batch_frames: found 0"),
        (FlatStartConfig, {"features": MfccConfig(cmvn="online")}, "found online, which GMMs do not have"),
        (FlatStartConfig, {"nj": -1}, "nj at least 0"),
        (RealignConfig, {"max_loss": 1.5}, "max_loss between 0 and 1"),
        (RealignConfig, {"beam": 0.0}, "expected 0 < beam"),
    ],
)
def test_values_out_of_range_are_refused(
    kind: type[GmmConfig | FlatStartConfig | RealignConfig], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        kind(**options)
