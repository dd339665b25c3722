"""Word error rates pooled over folds: every utterance once, intervals by speakers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from blasr.errors import ConfigError, DataError
from blasr.scoring import wer_interval
from blasr.scoring.edit_distance import ErrorCounts
from recipes.common.pool import pool_systems

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folds(tmp_path: Path) -> Path:
    """Two folds of three speakers with ten utterances of four words each.

    ``hyp`` has one error in every utterance of the first speaker of each fold; ``better`` has none.
    """
    for fold in range(2):
        data = tmp_path / f"fold{fold}"
        data.mkdir()
        names = [(f"{speaker}{fold}-u{number}", f"{speaker}{fold}") for speaker in "abc" for number in range(10)]
        (data / "text").write_text("".join(f"{name} A B C D\n" for name, _ in names))
        (data / "utt2spk").write_text("".join(f"{name} {speaker}\n" for name, speaker in names))
        lines = [f"{name} A {'X' if speaker.startswith('a') else 'B'} C D\n" for name, speaker in names]
        (data / "hyp").write_text("".join(lines))
        (data / "better").write_text((data / "text").read_text())
    return tmp_path


def sets(folder: Path, *pairs: tuple[str, str]) -> list[str]:
    return [f"{name}={folder}/fold{fold}:{folder}/fold{fold}/{file}" for name, file in pairs for fold in range(2)]


def test_folds_are_pooled_and_compared(folds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = sets(folds, ("gmm", "hyp"), ("network", "better"))
    pool_systems(arguments, folds / "RESULTS", folds / "json", bootstrap=1000, seed=0)
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    speakers = [ErrorCounts(correct=30, substitutions=10), *2 * [ErrorCounts(correct=40)]] * 2
    expected = wer_interval(speakers)  # of six speakers, not of sixty utterances
    assert ["gmm", "8.33", f"{expected.low:.2f}", "to", f"{expected.high:.2f}", "20", "240"] in rows
    network = next(row for row in rows if row[0] == "network")
    assert network[1:7] == ["0.00", "0.00", "to", "0.00", "0", "240"] and network[7] == "-8.33"
    lines = (folds / "RESULTS").read_text().splitlines()
    assert lines[0].startswith("%WER 8.33 [ 20 / 240, 0 ins, 0 del, 20 sub ] gmm (")
    assert "at 95% by 6 speakers" in lines[0]
    report = json.loads((folds / "json").read_text())
    assert report["gmm"]["speakers"] == 6 and report["gmm"]["wer"] == pytest.approx(100 * 20 / 240)
    comparison = report["network"]["comparison"]
    assert comparison["matched_pairs"]["segments"] == 20
    assert comparison["improvement"]["interval"]["high"] == pytest.approx(-expected.low)


def test_an_utterance_in_two_sets_is_refused(folds: Path) -> None:
    arguments = [*sets(folds, ("gmm", "hyp")), sets(folds, ("gmm", "hyp"))[0]]
    with pytest.raises(DataError, match="a0-u0: is in two of the sets"):
        pool_systems(arguments, folds / "RESULTS", None, bootstrap=10, seed=0)
    assert not (folds / "RESULTS").exists()


def test_missing_hypotheses_are_counted_up_to_a_limit(folds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folds / "fold0" / "hyp"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    pool_systems(sets(folds, ("gmm", "hyp")), None, None, bootstrap=10, seed=0)
    printed = capsys.readouterr().out
    assert "60 utterances in -> 59 kept -> 1 dropped" in printed and "10.00" in printed
    path.write_text("".join(lines[:-10]))
    with pytest.raises(DataError, match="without hypothesis"):
        pool_systems(sets(folds, ("gmm", "hyp")), None, None, bootstrap=10, seed=0)


def test_mistakes_on_the_command_line(folds: Path) -> None:
    with pytest.raises(ConfigError, match="expected SYSTEM=DATA_DIR:HYP"):
        pool_systems([f"{folds}/fold0:{folds}/fold0/hyp"], None, None, bootstrap=10, seed=0)
    (folds / "fold0" / "hyp").write_text("other A\n")
    command = [sys.executable, "-m", "recipes.common.pool", *sets(folds, ("gmm", "hyp"))]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "fold0/hyp: utterance other: 1 of 1 hypotheses have no reference" in result.stderr
