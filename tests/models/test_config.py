"""The configuration of an acoustic model: what is refused, and that it needs no torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

from blasr.errors import ConfigError
from blasr.models import VARIANTS, AcousticModelConfig


def test_the_variant_is_the_row_of_that_name() -> None:
    assert AcousticModelConfig("bl_resnet22_a2b3").variant is VARIANTS["bl_resnet22_a2b3"]


@pytest.mark.parametrize(
    ("name", "width", "message"),
    [
        ("bl_resnet22_a2b4", 1.0, "did you mean bl_resnet22_a2b3?"),
        ("xyz", 1.0, "choose one of these names"),
        ("resnet22", 0.0, "found width 0.0, expected a number above 0"),
        ("resnet22", float("inf"), "found width inf"),
    ],
)
def test_models_that_cannot_exist_are_refused(name: str, width: float, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        AcousticModelConfig(name, width)
    assert message in str(caught.value)


def test_the_names_need_no_torch() -> None:
    code = "import sys, blasr.models.config, blasr.models.paper; assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
