"""``blasr init`` from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.cli.init import listing
from blasr.cli.main import main


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "recipe"]) == 0
    printed = capsys.readouterr().out
    assert "\nyesno            the words YES and NO" in printed
    assert all(len(line) <= 100 for line in printed.splitlines())


def test_long_descriptions_are_wrapped() -> None:
    assert listing({"a": "one two three", "bb": ""}, width=12).splitlines()[:3] == ["a   one two", "    three", "bb  "]


def test_a_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "recipe", "yesno", "--out", str(tmp_path / "a")]) == 0
    printed = capsys.readouterr().out
    assert f"next: {tmp_path}/a/recipes/yesno/run.sh --help" in printed
    assert main(["init", "recipe", "kaldi", "--out", str(tmp_path / "a")]) == 0
    assert "README.md" in capsys.readouterr().out


def test_mistakes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    for words, status, message in (
        (["yesnoo", "--out", tmp_path / "b"], 2, "did you mean yesno?"),
        (["yesno", "--out", tmp_path / "file"], 2, "expected a folder"),
    ):
        assert main(["init", "recipe", *map(str, words)]) == status
        assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
