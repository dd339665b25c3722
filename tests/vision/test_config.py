"""The configuration of image models and their input: what is refused, and that it needs no torch."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from blasr.errors import ConfigError
from blasr.vision import ImageConfig, ImageModelConfig, check_size


@pytest.mark.parametrize(("size", "fix"), [(225, "224 or 256"), (200, "192 or 224"), (8, "32 or 64")])
def test_sizes_that_the_strides_do_not_divide_are_refused(size: int, fix: str) -> None:
    with pytest.raises(ConfigError, match=fix):
        check_size(size)


def test_settings_out_of_range_are_refused() -> None:
    for wrong in ({"crop_scale": (0.5,)}, {"crop_scale": (0.5, 2.0)}, {"crop_ratio": (2.0, 1.0)}, {"flip": 2.0}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            ImageConfig(**wrong)
    with pytest.raises(ConfigError, match="std"):
        ImageConfig(std=(1.0, 1.0, 0.0))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "resnet5"}, "or resnet50"),
        ({"name": "resnet50", "width": 0.0}, "width is 0.0, expected a number above 0"),
        ({"name": "resnet50", "drop_rate": 1.0}, "drop_rate is 1.0, expected from 0 to below 1"),
        ({"name": "resnet50", "alpha": 2}, "resnet50 has no branches"),
    ],
)
def test_models_that_cannot_exist_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ImageModelConfig(**values)
    assert message in str(caught.value)


def test_the_configuration_and_the_names_need_no_torch() -> None:
    code = "import sys, blasr.vision.config, blasr.vision.registry; assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
