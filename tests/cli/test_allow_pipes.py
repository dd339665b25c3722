"""Commands in ``wav.scp`` run only if the user allows it, in every subcommand that reads audio."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
import soundfile

from blasr.cli import main as program
from blasr.cli.main import main
from blasr.io.kaldi import pipes


def options(*names: str) -> set[str]:
    """Return the options of a subcommand, or of one of its commands."""
    parser = program.build_parser(names[0])
    for name in names:
        actions = parser._subparsers._group_actions  # type: ignore[union-attr]
        parser = next(item.choices[name] for item in actions if isinstance(item, argparse._SubParsersAction))
    return set(parser._option_string_actions)


@pytest.mark.parametrize("names", [("align",), ("train",), ("dump",), ("data", "check"), ("data", "durations")])
def test_everything_that_reads_audio_has_the_option(names: tuple[str, ...]) -> None:
    assert "--allow-pipes" in options(*names)


def test_a_command_runs_only_if_allowed_and_one_message_is_logged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    pipes._warn_once.cache_clear()
    caplog.set_level("INFO")
    soundfile.write(tmp_path / "a.wav", np.zeros(4000), 8000)
    folder = tmp_path / "data"
    folder.mkdir()
    names = ("ann-1", "ann-2", "ann-3")
    lines = "".join(f"{name} cat {tmp_path}/a.wav | tee {tmp_path}/ran-{name} |\n" for name in names)
    (folder / "wav.scp").write_text(lines)
    (folder / "utt2spk").write_text("".join(f"{name} ann\n" for name in names))
    assert main(["data", "durations", "--data", str(folder)]) == 1
    assert "pass --allow-pipes" in capsys.readouterr().err
    assert not list(tmp_path.glob("ran-*"))
    assert main(["data", "durations", "--data", str(folder), "--allow-pipes"]) == 0
    assert len(list(tmp_path.glob("ran-*"))) == 3
    messages = [record for record in caplog.records if "running commands" in record.getMessage()]
    assert len(messages) == 1
