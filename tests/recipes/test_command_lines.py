"""Every command line of the recipes is one that blasr and the recipes' Python steps accept.

The recipes run with functions in place of ``blasr`` and ``python``. These log the command line and create its outputs
as empty files and folders. The test then parses the logged command lines.
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from blasr.cli.main import build_parser
from blasr.cli.path_roles import check_paths
from recipes.common import command

ROOT = Path(__file__).parents[2]
# Functions have precedence over programs on the PATH, and scripts inherit exported functions.
FUNCTIONS = r"""
create() {
  local name=${1##*/} folder
  case $name in
    *.* | text | RESULTS) mkdir -p "${1%/*}" && touch "$1" ;;
    *)
      for folder in "$1" "$1"/train "$1"/dev "$1"/test; do
        mkdir -p "$folder" && touch "$folder/text" "$folder/lat.ark" "$folder/setting.json"
      done ;;
  esac
}
log_command() {
  local previous=
  printf '%s\t' "$@" >>"$COMMAND_LOG"
  echo >>"$COMMAND_LOG"
  for word in "$@"; do
    case $previous in --out | --json | --freeze | --experiment) create "$word" ;; esac
    previous=$word
  done
}
blasr() { log_command blasr "$@"; }
python() { log_command python "$@"; }
export -f create log_command blasr python
exec bash "$@"
"""


def logged_commands(script: str, arguments: tuple[str, ...], folder: Path) -> list[list[str]]:
    """Run a recipe with the functions and return its command lines."""
    log = folder / "commands"
    words = ["bash", "-c", FUNCTIONS, "run", str(ROOT / "recipes" / script), *arguments, "--work", str(folder / "work")]
    environment = {**os.environ, "COMMAND_LOG": str(log)}
    result = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == 0, result.stderr
    return [line.split("\t")[:-1] for line in log.read_text(encoding="utf-8").splitlines()]


def parse(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse a command line; :class:`SystemExit` if it is not accepted, or an error if it would destroy an input."""
    if words[0] == "blasr":
        check_paths(build_parser(words[1]).parse_args(words[1:]))
        return
    if words[2] == "recipes.common.timing":
        parse(words[words.index("--stage") + 2 :], monkeypatch)
        return
    module = importlib.import_module(words[2])

    def parse_step(parser: argparse.ArgumentParser, run: Callable[..., None]) -> None:
        parser.parse_args(words[3:])

    for place in (module, importlib.import_module("recipes.swbd.preparation"), command):
        monkeypatch.setattr(place, "run_step", parse_step, raising=False)
    module.main()


@pytest.mark.parametrize(
    ("script", "arguments", "least"),
    [
        ("an4/cascade.sh", ("corpus", "--kinds", "chunk:entropy utterance:lattice"), 8),
        ("an4/choices.sh", ("corpus", "--choices", "base more-leaves realigned-continued"), 20),
        ("an4/gmm_choices.sh", ("corpus", "--choices", "base kaldi", "--folds", "0 1"), 28),
        ("an4/patterns.sh", ("corpus", "--forms", "float signs patterns"), 18),
        ("an4/table3.sh", ("corpus", "--variants", "resnet22 bl_resnet22_a2b3", "--folds", "0 2", "--seeds", "1"), 43),
        ("cifar10/cascade.sh", ("corpus", "--little-widths", "0.5 0.25", "--short"), 8),
        ("cifar10/run.sh", ("corpus.tar.gz", "--short"), 10),
        ("cifar10/run.sh", ("corpus", "--models", "resnet56", "--keep", "[stem, stage1]", "--stage", "1"), 4),
        ("demo/run.sh", (), 14),
        ("digits_images/run.sh", (), 3),
        ("fsdd/run.sh", ("corpus", "--connected", "strings"), 20),
        ("fsdd/loso.sh", ("corpus", "--speakers", "george", "--nj", "1"), 14),
        ("librispeech/run.sh", ("corpus", "--cmudict", "cmudict", "--lm-text", "more.txt", "--short"), 50),
        ("fsdd/loso.sh", ("corpus", "--speakers", "theo", "--sessions", "yes", "--overrides", "model.width=0.1"), 14),
        ("fsdd/run.sh", ("corpus", "--sessions", "yes", "--overrides", "model.width=0.1 training.epochs=2"), 20),
        ("open_vocabulary/run.sh", ("--network", "conf/demo_bl_resnet22_a2b3.yaml"), 30),
        ("swbd/run.sh", ("--variants", "resnet22", "--epochs", "2 3", "--prior-scales", "0.8", "--parts", "1"), 23),
        ("swbd/run.sh", ("--variants", "resnet22", "--flat-start", "0", "--last", "3"), 13),
        ("swbd/run.sh", ("--kaldi-ali", "ali", "--kaldi-lang", "lang", "--last", "4"), 10),
        ("yesno/run.sh", ("corpus",), 10),
    ],
)
def test_command_lines_are_accepted(
    script: str, arguments: tuple[str, ...], least: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = logged_commands(script, arguments, tmp_path)
    assert len(commands) >= least
    for words in commands:
        try:
            parse(words, monkeypatch)
        except SystemExit:
            pytest.fail(" ".join(words))


def test_a_wrong_command_line_is_found(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["blasr", "lang", "--lexikon", "x"], ["python", "-m", "recipes.yesno.prepare", "c", "--uot", "x"]):
        with pytest.raises(SystemExit):
            parse(words, monkeypatch)
    assert "did you mean --lexicon?" in (errors := capsys.readouterr().err)
    assert "did you mean --out?" in errors
