"""The configuration of a run on images: the paper's defaults, what is refused, and that it needs no torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from blasr.config import load_config, to_mapping
from blasr.errors import ConfigError
from blasr.pipeline.vision import ImageDataConfig, VisionRunConfig, paper_training

CONF = Path(__file__).parents[3] / "conf" / "vision"


@pytest.mark.parametrize("path", sorted(CONF.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_configuration_is_valid(path: Path) -> None:
    config = load_config(VisionRunConfig, path)
    if not path.stem.startswith(("digits", "cifar10")):  # the others are the paper's
        assert to_mapping(config.training) == to_mapping(paper_training())
        assert (config.data.batch_size, config.images.size) == (256, 224)
        assert config.model.name == path.stem


@pytest.mark.parametrize("values", [{"batch_size": 0}, {"num_workers": -1}])
def test_numbers_out_of_range_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(values))):
        ImageDataConfig(**values)


def test_the_configuration_needs_no_torch() -> None:
    code = "import sys, blasr.pipeline.vision.config; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
