"""The table at the end of a recipe, and the shell code that all recipes share."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from blasr.errors import DataError
from recipes.common.results import markdown_table, report_results

ROOT = Path(__file__).parents[2]


def report(errors: tuple[int, int, int], words: int) -> dict[str, object]:
    insertions, deletions, substitutions = errors
    return {
        "wer": round(100 * sum(errors) / words, 4),
        "words": words,
        "insertions": insertions,
        "deletions": deletions,
        "substitutions": substitutions,
        "setting": {"lm_weight": 12.0, "word_insertion_penalty": 0.5},
    }


def test_table_and_results_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.json").write_text(json.dumps(report((1, 2, 3), 1000)))
    (tmp_path / "b.json").write_text(json.dumps(report((0, 0, 0), 183)))
    pairs = [f"isolated={tmp_path}/a.json", f"connected={tmp_path}/b.json"]
    report_results(pairs, tmp_path / "RESULTS")
    assert (tmp_path / "RESULTS").read_text().splitlines() == [
        "%WER 0.60 [ 6 / 1000, 1 ins, 2 del, 3 sub ] isolated (LM weight 12, insertion penalty 0.5)",
        "%WER 0.00 [ 0 / 183, 0 ins, 0 del, 0 sub ] connected (LM weight 12, insertion penalty 0.5)",
    ]
    table = capsys.readouterr().out.splitlines()
    assert table[1].split() == ["isolated", "0.60", "1", "2", "3", "1000"]


def test_missing_report_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="report of blasr score"):
        report_results([f"test={tmp_path}/absent.json"], tmp_path / "RESULTS")
    assert not (tmp_path / "RESULTS").exists()


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe with two stages that print its options."""
    path = tmp_path / "run.sh"
    path.write_text(
        "#!/usr/bin/env bash\n# What it does.\n#\n#   run.sh CORPUS\nset -euo pipefail\n"
        f"stage=0\nwork=exp/x\n. {ROOT}/recipes/common/options.sh\n"
        'if stage 0 first; then echo "0 $work"; fi\nif stage 1 second; then echo "1 ${arguments[*]}"; fi\n'
    )
    return path


def run(recipe: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", str(recipe), *arguments], capture_output=True, text=True, check=False)


def test_options_may_be_anywhere(recipe: Path) -> None:
    assert run(recipe, "my corpus", "--work", "here", "b").stdout == "0 here\n1 my corpus b\n"
    assert run(recipe, "--stage", "1", "c").stdout == "1 c\n"


def test_switches_take_no_value_and_last_ends_the_recipe(recipe: Path) -> None:
    text = recipe.read_text().replace("work=exp/x", "work=exp/x\nshort=false\nlast=9")
    recipe.write_text(f'{text}echo "$short"\n')
    assert run(recipe, "--short", "a", "--last", "0").stdout == "0 exp/x\ntrue\n"
    assert run(recipe, "a", "--last", "1").stdout == "0 exp/x\n1 a\nfalse\n"


def test_help_and_mistakes(recipe: Path) -> None:
    assert run(recipe, "--help").stdout == "What it does.\n\n  run.sh CORPUS\n"
    for arguments, message in ((("--wrok", "x"), "unknown option --wrok"), (("--work",), "--work needs a value")):
        result = run(recipe, *arguments)
        assert result.returncode == 2
        assert message in result.stderr


@pytest.mark.parametrize("path", sorted(ROOT.glob("recipes/*/run.sh")), ids=lambda path: str(path.parent.name))
def test_run_scripts_are_short_and_executable(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 80
    assert path.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(path)], check=False).returncode == 0


def test_a_table_in_markdown() -> None:
    rows = [("a", "b", "1"), ("c", "d", "2")]
    assert markdown_table(("x", "y", "z"), rows) == "| x | y | z |\n| --- | ---: | ---: |\n| a | b | 1 |\n| c | d | 2 |"
    assert markdown_table(("x", "y", "z"), [], left=2) == "| x | y | z |\n| --- | --- | ---: |"
