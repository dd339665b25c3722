"""Which network a run trains, and what a section ``binarize`` needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blasr.config import parse_config, to_mapping
from blasr.errors import ConfigError
from blasr.models import AcousticModelConfig
from blasr.nn import BinarizeConfig, PatternStageConfig
from blasr.pipeline.config import RunConfig
from blasr.pipeline.pattern_config import network_config
from blasr.pipeline.vision import VisionRunConfig
from blasr.vision import ImageModelConfig


def test_the_section_gives_the_model_its_patterns() -> None:
    plain = AcousticModelConfig("resnet22", 0.5)
    assert network_config(plain, None, None) is plain
    network = network_config(plain, PatternStageConfig(("stem",), pointwise="int8"), Path("exp"))
    assert network.patterns == BinarizeConfig(("stem",), pointwise="int8") and network.in_float == plain
    row = AcousticModelConfig("bl_resnet22_a2b3_b")
    assert network_config(row, None, Path("exp")).in_float.name == "bl_resnet22_a2b3"
    assert network_config(ImageModelConfig("sep_net_bq"), None, Path("exp")).in_float.name == "sep_net_r"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"binarize": {}}, "set initialize_from to an experiment that was trained in float"),
        ({"model": {"name": "bl_resnet22_a2b3_b"}}, "binary patterns are made from a trained network"),
        (
            {"model": {"name": "bl_resnet22_a2b3_b"}, "binarize": {}, "initialize_from": "x"},
            "the model has binary patterns, one scale for each filter, stem in float already",
        ),
        (
            {"model": {"name": "bl_resnet22_a2b3_b", "binarize": {"scale": "global"}}, "initialize_from": "x"},
            "leave out binarize, or choose bl_resnet22_a2b3",
        ),
        ({"binarize": {"scale": "layer"}, "initialize_from": "x"}, "expected one of filter, global"),
        ({"binarize": {"signs": "trained", "pointwise": "int8"}, "initialize_from": "x"}, "a later stage can make"),
        ({"model": {"name": "resnet22", "binarize": {"signs": "trained"}}, "initialize_from": "x"}, "unknown key"),
    ],
)
def test_mistakes_of_speech(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(RunConfig, {"experiment": "exp", "model": {"name": "resnet22"}, **values})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"binarize": {}}, "set initialize_from to an experiment"),
        ({"model": {"name": "sep_net_b"}}, "set initialize_from to an experiment"),
        ({"model": {"name": "sep_net_b", "binarize": {}}, "released": "x"}, "or choose sep_net_r"),
        ({"released": "x", "initialize_from": "y"}, "both released and initialize_from"),
    ],
)
def test_mistakes_of_vision(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(VisionRunConfig, {"experiment": "exp", "model": {"name": "resnet20"}, **values})
    assert message in str(caught.value)


def test_a_section_survives_a_file() -> None:
    values = {"experiment": "exp", "model": {"name": "resnet20"}, "released": "x", "binarize": {"keep": ["stem"]}}
    config = parse_config(VisionRunConfig, values)
    assert (
        config.binarize == PatternStageConfig(("stem",)) and parse_config(VisionRunConfig, to_mapping(config)) == config
    )
