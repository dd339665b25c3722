"""``blasr bundle``: where the LM weight and the penalty come from. ``test_transcribe.py`` uses the bundles."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blasr.cli.main import main
from blasr.inference.bundle import read_bundle_config
from blasr.lattices.config import PathWeights
from tests.pipeline.systems import System, system

__all__ = ["system"]  # a fixture


def bundle(system: System, out: Path, *more: str) -> int:
    return main(
        ["bundle", "--experiment", str(system.experiment), "--graph", str(system.graph), "--out", str(out), *more]
    )


@pytest.mark.parametrize(
    ("options", "weights"),
    [
        ([], PathWeights(10.0, 0.0)),
        (["--lm-weight", "12", "--word-ins-penalty=-0.5"], PathWeights(12.0, -0.5)),
        (["--setting", "{setting}"], PathWeights(13.0, 0.5)),
    ],
)
def test_weights(system: System, tmp_path: Path, options: list[str], weights: PathWeights) -> None:
    setting = tmp_path / "setting.json"
    setting.write_text(json.dumps({"lm_weight": 13.0, "word_insertion_penalty": 0.5}))
    assert bundle(system, tmp_path / "out", *(option.format(setting=setting) for option in options)) == 0
    assert read_bundle_config(tmp_path / "out").setting == weights


def test_a_file_and_numbers_exclude_each_other(
    system: System, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bundle(system, tmp_path / "out", "--setting", "x.json", "--lm-weight", "12") == 2
    assert "--setting has an LM weight and a penalty" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_graph_may_be_its_file(system: System, tmp_path: Path) -> None:
    graph = str(system.graph / "HCLG.fst")
    assert (
        main(["bundle", "--experiment", str(system.experiment), "--graph", graph, "--out", str(tmp_path / "out")]) == 0
    )
