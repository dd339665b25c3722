from __future__ import annotations

import pytest

from blasr.cli.main import main
from blasr.cli.score.command import COMMANDS


def test_the_help_lists_the_commands_and_their_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["score", "--help"])
    shown = capsys.readouterr().out
    for name, command in COMMANDS.items():
        assert f"  blasr score {name} --ref " in shown
        assert command.examples[0] in shown


def test_the_reference_belongs_to_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["score", "--text", "ref", "--hyp", "hyp"])
    assert stop.value.code == 2
    assert "unrecognized option --text; expected one of text, stm, compare first" in capsys.readouterr().err
