"""Rows of transforms: defaults, short keys, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from blasr.augmentation.config import AugmentationConfig, NoiseConfig, SpecAugmentConfig, SpeedConfig
from blasr.config import load_config, parse_config, to_mapping
from blasr.errors import ConfigError


def test_rows_are_read_and_written(tmp_path: Path) -> None:
    rows = [{"kind": "noise", "list": "noises/wav.scp", "snr_db": [0, 20], "probability": 0.5}, {"kind": "speed"}]
    config = parse_config(AugmentationConfig, {"transforms": rows})
    assert config.transforms == (
        NoiseConfig(list=Path("noises/wav.scp"), snr_db=(0.0, 20.0), probability=0.5),
        SpeedConfig(),
    )
    assert parse_config(AugmentationConfig, to_mapping(config)) == config
    assert config.lists() == [Path("noises/wav.scp")]
    empty = tmp_path / "empty.yaml"
    empty.write_text("")
    assert load_config(AugmentationConfig, empty, ["transforms=[{kind: codec, codecs: [gsm]}]"]).transforms


def test_all_mistakes_are_reported_at_once() -> None:
    rows: list[Any] = [
        {"kind": "noise", "lst": "x"},
        {"kind": "noize"},
        {"kind": "echo"},
        {"probability": 1.0},
        "noise",
        {"kind": "babble", "snr_db": [20, 0]},
        {"kind": "codec", "codecs": ["mp3"]},
        {"kind": "reverberation", "probability": 2},
    ]
    with pytest.raises(ConfigError) as caught:
        parse_config(AugmentationConfig, {"transforms": rows})
    message = str(caught.value)
    for part in (
        "transforms[0].lst: unknown key; did you mean list?",
        "transforms[0].list: missing, and it has no default",
        "transforms[1].kind: found 'noize'; did you mean noise?",
        "transforms[2].kind: found 'echo'; known kinds: speed, vtln, volume, noise",
        "transforms[3]: found {'probability': 1.0}, expected a row such as {kind: speed}",
        "transforms[4]: found 'noise', expected a row",
        "transforms[5]: snr_db is [20.0, 0.0], expected [low, high] from -30 to 100",
        "transforms[6].codecs[0]: found 'mp3', expected one of mu-law, a-law, g721, gsm",
        "transforms[7]: probability is 2.0, expected from 0 to 1",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"speeds": ()}, r"speeds is \[\], expected values from 0.5 to 2"),
        ({"vtln_warps": (1.0, 3.0)}, "vtln_warps is"),
        ({"time_masks": -1}, "time_masks is -1, expected 0 or more"),
        ({"join_probability": 1.0}, "join_probability is 1.0, expected from 0 to below 1"),
        ({"transforms": (SpeedConfig(), SpeedConfig())}, "2 rows of the kind speed, expected at most one"),
        ({"transforms": (SpeedConfig(),), "speeds": (0.9,)}, "speeds is short for a row of the kind speed"),
    ],
)
def test_augmentation_out_of_range_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        AugmentationConfig(**values)


def test_short_keys_are_rows() -> None:
    config = AugmentationConfig(speeds=(0.9, 1.1), gain_db=3.0, time_masks=1, transforms=(SpecAugmentConfig(),))
    assert [row.kind for row in config.rows()] == ["speed", "vtln", "volume", "spec_augment", "spec_augment"]
    assert config.voices() == [(1.0, 1.0), (0.9, 1.0), (1.1, 1.0)]
    assert AugmentationConfig(transforms=(SpeedConfig(factors=(0.8,)),)).voices() == [(1.0, 1.0), (0.8, 1.0)]


def test_the_configuration_needs_no_torch() -> None:
    code = "import sys, blasr.augmentation.config; assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
