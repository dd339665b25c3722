"""The configuration of a training run: what is refused, and that it needs no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from blasr.config import load_config
from blasr.errors import ConfigError
from blasr.pipeline.config import DataConfig, RunConfig

CONF = Path(__file__).parents[2] / "conf"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"valid_share": 1.0}, "valid_share is 1.0, expected from 0 to below 1"),
        ({"max_loss": 1.5}, "max_loss is 1.5, expected from 0 to 1"),
    ],
)
def test_shares_out_of_range_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DataConfig(**values)


def test_features_must_fit_the_models() -> None:
    with pytest.raises(ConfigError, match="num_mel_bins is 40, but the acoustic models read 64"):
        load_config(RunConfig, CONF / "bl_resnet22_a2b3.yaml", ["features.num_mel_bins=40"])


def test_all_mistakes_are_reported_at_once() -> None:
    overrides = ["training.epochs=0", "chunks.pool_frame=3", "model.name=resnet23"]
    with pytest.raises(ConfigError, match=r"3 error\(s\)") as caught:
        load_config(RunConfig, CONF / "bl_resnet22_a2b3.yaml", overrides)
    assert "did you mean resnet22?" in str(caught.value) and "did you mean pool_frames?" in str(caught.value)


def test_the_configuration_needs_no_torch() -> None:
    subprocess.run(
        [sys.executable, "-c", "import sys, blasr.pipeline.config; assert 'torch' not in sys.modules"], check=True
    )
