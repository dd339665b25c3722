"""Every start of a run is recorded, with the command, the commit and what has changed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from blasr.pipeline.runs.record import command_line, write_record
from blasr.pipeline.runs.record_file import read_record
from blasr.training import DistributedContext, TrainingState, last_checkpoint
from blasr.training.checkpoint import save_checkpoint
from tests.training.toy import toy_module


def test_later_starts_are_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/bin/blasr", "train", "my conf.yaml"])
    config = {"training": {"seed": 3, "epochs": 8}}
    write_record(tmp_path, config, {"train": {"frames": 5}}, DistributedContext())
    module = toy_module()
    state = TrainingState(epoch=2, step=40)
    save_checkpoint(last_checkpoint(tmp_path), module, torch.optim.SGD(module.parameters(), lr=0.1), state)
    config = {"training": {"seed": 3, "epochs": 12}}
    write_record(tmp_path, config, {"train": {"frames": 5}}, DistributedContext())
    record = read_record(tmp_path / "run.json")
    assert (record["config"], record["seed"], record["inputs"]) == (config, 3, {"train": {"frames": 5}})
    first, second = record["starts"]
    assert first["command"] == second["command"] == "blasr train 'my conf.yaml'"
    assert (first["resumes_at"], first["changed"]) == (None, {})
    assert (second["resumes_at"], second["changed"]) == ({"epoch": 2, "step": 40}, {"config.training.epochs": [8, 12]})
    assert second["versions"]["torch"] == torch.__version__
    assert (second["host"]["device"], second["host"]["processes"]) == ("cpu", 1)


def test_the_command_of_a_module_is_that_of_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.orig_argv", ["/opt/bin/python3", "-m", "blasr.cli", "train", "a.yaml"])
    assert command_line(["/x/blasr/cli/__main__.py", "train", "a.yaml"]) == "python3 -m blasr.cli train a.yaml"
