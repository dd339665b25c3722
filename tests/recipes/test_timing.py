"""Time and memory of commands."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from blasr.errors import DataError
from recipes.common.timing import Timing, read_timings, sum_by_stage

ROOT = Path(__file__).parents[2]


def run(log: Path, stage: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recipes.common.timing", "--log", str(log), "--stage", stage, *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_command_is_measured_with_its_children(tmp_path: Path) -> None:
    log = tmp_path / "work" / "timings.jsonl"
    code = "import sys, time; held = bytearray(150_000_000); time.sleep(0.3); print('out', sys.argv[1])"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}, *sys.argv[1:]], check=True)"
    result = run(log, "2 work", sys.executable, "-c", child, "--help")
    assert (result.returncode, result.stdout) == (0, "out --help\n")
    (timing,) = read_timings(log)
    assert timing.stage == "2 work"
    assert timing.wall_seconds > 0.3
    assert 0 < timing.cpu_seconds < timing.wall_seconds + 1
    assert 150 < timing.peak_mb < 600


def test_a_failure_is_passed_on_and_not_logged(tmp_path: Path) -> None:
    log = tmp_path / "timings.jsonl"
    assert run(log, "1 fail", sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    result = run(log, "1 fail", "no-such-program")
    assert result.returncode == 127
    assert "no-such-program: error" in result.stderr
    assert not log.exists()


def test_the_last_run_of_a_command_counts_and_stages_are_summed(tmp_path: Path) -> None:
    log = tmp_path / "timings.jsonl"
    rows = [("10 b", "x", 5, 4, 90), ("2 a", "x", 9, 9, 99), ("2 a", "y", 1, 2, 30), ("2 a", "x", 3, 3, 20)]
    for stage, command, wall, cpu, peak in rows:
        fields = f'"wall_seconds": {wall}, "cpu_seconds": {cpu}, "peak_mb": {peak}'
        with log.open("a") as stream:
            stream.write(f'{{"stage": "{stage}", "command": "{command}", {fields}}}\n')
    assert sum_by_stage(read_timings(log)) == [Timing("2 a", "", 4, 5, 30), Timing("10 b", "", 5, 4, 90)]


def test_a_stage_that_runs_again_with_other_options_counts_once(tmp_path: Path) -> None:
    log = tmp_path / "timings.jsonl"
    commands = ["blasr dump --nj 2 --out a", "blasr dump --nj 2 --out b", "blasr dump --nj 4 --out=a", "score --nj 2"]
    rows = [Timing("8 test", command, 1.0 + number, 1.0, 1.0) for number, command in enumerate(commands)]
    log.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows))
    assert read_timings(log) == [rows[2], rows[1], rows[3]]


@pytest.mark.parametrize("text", [None, "nonsense\n", '{"stage": "1 a"}\n'])
def test_a_missing_or_broken_log_is_an_error(text: str | None, tmp_path: Path) -> None:
    log = tmp_path / "timings.jsonl"
    if text is not None:
        log.write_text(text)
    with pytest.raises(DataError, match="not a file of timings"):
        read_timings(log)
