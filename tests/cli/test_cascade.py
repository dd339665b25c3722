"""``blasr cascade`` from the command line: the table and the mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.cli.main import main
from tests.pipeline.cascade.pairs import write_data, write_little
from tests.pipeline.systems import System, system

__all__ = ["system"]  # a fixture


@pytest.fixture(scope="module")
def parts(system: System, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    root = tmp_path_factory.mktemp("parts")
    little, data = write_little(system, root / "little"), write_data(root / "dev", count=2, seconds=1.0)
    return ["--little", str(little), "--big", str(system.experiment), "--data", str(data)]


def test_tune_and_evaluate(parts: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "cascade"
    options = ["--unit", "utterance", "--max-degradation", "50", "--no-picture", "--timed-utterances", "1"]
    assert main(["cascade", "tune", *parts, *options, "--device", "cpu", "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[0] == "model" and "frame disagreement %" in lines[0]
    assert [line.split()[0] for line in lines[1:4]] == ["little", "cascade", "big"]
    assert lines[4].startswith("MACs saved: ") and lines[5].startswith("wall clock saved: ")
    assert lines[-1] == f"written: {out}"
    test = ["--experiment", str(out), "--data", parts[-1], "--timed-utterances", "0", "--device", "cpu"]
    assert main(["cascade", "evaluate", *test]) == 0
    again = capsys.readouterr().out.splitlines()
    assert [line.split()[:7] for line in again[1:4]] == [line.split()[:7] for line in lines[1:4]]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--confidence", "lattice", "--unit", "utterance"], "the confidence of lattices needs a graph"),
        (["--confidence", "lattice"], "the confidence of a lattice is that of an utterance"),
        (["--lang", "lang"], "--lang is for word errors, which need a graph"),
        (["--drop", "<unk>"], "give --stm, or leave them out"),
    ],
)
def test_mistakes_are_one_message(
    parts: list[str], more: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cascade", "tune", *parts, *more, "--out", str(tmp_path / "out")]) > 0
    error = capsys.readouterr().err
    assert message in error and error.count("error:") == 1 and "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_a_single_network_is_no_cascade(parts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cascade", "evaluate", "--experiment", parts[3], "--data", parts[-1]]) > 0
    assert "is not a cascade" in capsys.readouterr().err
    assert main(["cascade", "tune", *parts, "--out", parts[1]]) > 0  # would destroy the little network
    assert Path(parts[1], "final.safetensors").is_file()
