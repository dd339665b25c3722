"""``blasr train``: exit statuses and messages."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from blasr.cli.main import main
from blasr.config import write_yaml
from blasr.io.folder_lock import LOCK_FILE, locked_folder
from tests.pipeline.conftest import alignments, data, run_config

__all__ = ["alignments", "data"]  # fixtures


@pytest.fixture
def config(tmp_path: Path, data: Path, alignments: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(write_yaml(run_config(Path("unused"), data, alignments)))
    return path


def test_train_then_done(tmp_path: Path, config: Path, caplog: pytest.LogCaptureFixture) -> None:
    command = ["train", str(config), "--experiment", str(tmp_path / "exp"), "--set", "training.epochs=1"]
    with caplog.at_level("INFO"):
        assert main(command) == 0
        assert main(command) == 0
    assert "epoch 1/1: loss" in caplog.text
    assert "waiting for data" in caplog.text
    assert "training is done: 1 epochs" in caplog.text
    assert (tmp_path / "exp" / "final.yaml").is_file()


def test_an_unknown_key_is_refused_with_the_nearest(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(config), "--set", "training.epoch=1"]) == 2
    error = capsys.readouterr().err
    assert "blasr train: error:" in error
    assert "training.epoch: unknown key; did you mean epochs?" in error


@pytest.mark.parametrize("arguments", [["--help"], ["--set", "training.epoch=1"], ["--set", "training.epochs=0"]])
def test_help_and_mistakes_need_no_torch(arguments: list[str], config: Path) -> None:
    code = f"""
import sys
from blasr.cli.main import main
try:
    status = main(["train", {str(config)!r}, *{arguments}])
except SystemExit as stop:
    status = stop.code
assert status == {0 if arguments == ["--help"] else 2}
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_nan_loss_exits_with_an_error(tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    overrides = ["--set", "training.learning_rate=1e30", "--set", "training.gradient_clipping=0"]
    assert main(["train", str(config), "--experiment", str(tmp_path / "exp"), *overrides]) == 1
    assert "epoch 1, step" in capsys.readouterr().err
    assert not (tmp_path / "exp" / "final.yaml").exists()


def test_the_loss_may_be_allowed_as_everywhere(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The hint of a stage that dropped too much is --max-loss."""
    arguments = ["--max-loss", "0.5", "--set", "training.epoch=1"]
    assert main(["train", str(config), *arguments]) == 2  # accepted: only the key is wrong
    assert "training.epoch" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_named(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The checkpoints of earlier epochs stay whole, and the same command resumes when there is space again."""
    out = tmp_path / "exp"
    command = ["train", str(config), "--experiment", str(out)]
    assert main([*command, "--set", "training.epochs=1"]) == 0
    before = {path: path.read_bytes() for path in out.rglob("*.safetensors")}
    capsys.readouterr()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))  # the system's errors are those of a full disk
    try:
        assert main([*command, "--set", "training.epochs=2"]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    error = capsys.readouterr().err
    assert f"{out}/" in error and "cannot be written: File too large\n  fix: " in error and "Traceback" not in error
    assert {path: path.read_bytes() for path in before} == before
    assert list(out.rglob(".*")) == []
    assert main([*command, "--set", "training.epochs=2"]) == 0


def test_an_experiment_has_one_writer(tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "exp"
    with locked_folder(out):
        assert main(["train", str(config), "--experiment", str(out)]) == 1
        assert [path.name for path in out.iterdir()] == [LOCK_FILE]
    assert f"{out}: is being written by process {os.getpid()} on host {socket.gethostname()}" in capsys.readouterr().err


def test_a_missing_config_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "conf/absent.yaml"]) == 2
    assert "conf/absent.yaml: cannot be read" in capsys.readouterr().err
