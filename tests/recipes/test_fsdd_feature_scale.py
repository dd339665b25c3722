"""The ratio of spreads is 1 for the same audio, and below 1 if only the training set has quiet pauses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.features import read_cmvn_stats
from recipes.common.data import Item, write_data_dir
from recipes.common.waveforms import write_wav
from recipes.fsdd.feature_scale import print_ratios, ratios


def write_set(folder: Path, *, with_pause: bool) -> Path:
    generator = np.random.default_rng(0)
    speech = (3000 * generator.standard_normal(8000) * np.linspace(0.1, 1, 8000)).astype(np.int16)
    pause = generator.integers(-3, 4, 4000).astype(np.int16)
    wav = write_wav(folder / "a.wav", np.concatenate([speech, pause]) if with_pause else speech, 8000)
    write_data_dir(folder, [Item("anna-1", "anna", ("ONE",), wav)])
    return folder


def test_pauses_change_the_scale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = write_set(tmp_path / "train", with_pause=True)
    digits = write_set(tmp_path / "digits", with_pause=False)
    assert ratios(train, train) == {"anna": pytest.approx(1.0)}
    assert ratios(train, digits)["anna"] < 0.6
    capsys.readouterr()
    print_ratios(train, [digits, train], tmp_path / "cmvn.ark")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["anna"]
    assert [line.split()[0] for line in lines[1:]] == ["digits", "train"] and lines[2].endswith("1.00")
    assert set(read_cmvn_stats(tmp_path / "cmvn.ark")) == {"anna"}
