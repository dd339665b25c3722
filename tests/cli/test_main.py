from __future__ import annotations

import importlib

import pytest

from blasr.cli import main as program
from blasr.errors import BlasrError, ConfigError


@pytest.mark.parametrize("name", program.SUBCOMMANDS)
def test_every_subcommand_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        program.main([name, "--help"])
    assert stop.value.code == 0
    assert f"blasr {name}" in capsys.readouterr().out.split("example", 1)[1]


def test_an_unknown_subcommand_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        program.main(["trian"])
    assert stop.value.code == 2
    assert "train" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status"),
    [(BlasrError("no good"), 1), (ConfigError("no good"), 2), (OSError(13, "no good", "a.txt"), 1)],
)
def test_a_users_mistake_is_one_message_and_an_exit_status(
    error: Exception, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(importlib.import_module("blasr.cli.summary"), "run", fail)
    assert program.main(["summary", "resnet22"]) == status
    where = "a.txt: " if isinstance(error, OSError) else ""
    assert capsys.readouterr().err == f"blasr summary: error: {where}no good\n"
