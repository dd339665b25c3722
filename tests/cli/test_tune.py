"""``blasr tune`` from the command line: the table, the notes and the mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.cli.main import main
from tests.pipeline.systems import System, babble, system, write_audio

__all__ = ["system"]  # a fixture


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "dev"
    folder.mkdir()
    (folder / "wav.scp").write_text(f"one {write_audio(tmp_path / 'one.wav', babble(2, 0))}\n")
    (folder / "utt2spk").write_text("one one\n")
    (folder / "text").write_text("one TEA TWO\n")
    return folder


def command(system: System, data: Path, *more: str) -> list[str]:
    parts = ["--experiment", str(system.experiment), "--graph", str(system.graph), "--lang", str(system.lang)]
    return ["tune", *parts, "--data", str(data), *more]


def test_the_table(system: System, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "tuned.json"
    options = ("--prior-scales", "0.5,1", "--lm-weights", "8,10,12", "--word-ins-penalties", "0", "--out", str(out))
    assert main(command(system, data, *options)) == 0
    lines = capsys.readouterr().out.splitlines()
    header = "checkpoint prior scale WER ins del sub words LM weight penalty"
    assert lines[0].split() == header.split()
    assert [line.split()[:2] for line in lines[1:3]] == [["final", "0.5"], ["final", "1"]]
    assert sum(line.endswith("chosen") for line in lines[1:3]) == 1
    assert lines[3].startswith("best: final, prior scale ") and "WER" in lines[3]
    assert any(line.startswith("the best prior scale, ") for line in lines)
    assert lines[-1] == f"written: {out}"
    assert out.is_file() and len(list((tmp_path / "tuned_trials").glob("final_prior*.json"))) == 2


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--glm", "x.glm"], "--glm and --drop are for reference segments"),
        (["--drop", "<unk>"], "give --stm, or leave them out"),
        (["--checkpoints", "epoch3"], "epoch 3 is not there; found weights of epochs none"),
        (["--checkpoints", "best"], "checkpoint 'best' is unknown"),
        (["--ref", "absent"], "absent"),
    ],
)
def test_mistakes_are_one_message(
    system: System, data: Path, more: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(system, data, *more)) > 0
    error = capsys.readouterr().err
    assert message in error and error.count("error:") == 1 and "Traceback" not in error
    assert not (system.experiment / "setting.json").exists()
