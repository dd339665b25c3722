"""How the recipes' Python steps end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

STEP = """
from blasr.errors import DataError
from recipes.common.command import run_step, step_parser

def run() -> None:
    {}

run_step(step_parser("recipes.step", "A step."), run)
"""


@pytest.mark.parametrize(
    ("body", "options", "status", "message"),
    [
        ("print('row ' * 100_000)", [], 141, ""),
        ("pass", ["--help"], 141, ""),
        ("pass", [], 0, ""),
        ("raise DataError('is empty', path='runs')", [], 1, "recipes.step: error: runs: is empty\n"),
        ("raise KeyboardInterrupt", [], 130, "recipes.step: interrupted\n"),
        ("open('/none/rows')", [], 1, "recipes.step: error: /none/rows: No such file or directory\n"),
    ],
)
def test_a_step_ends_as_blasr_does(body: str, options: list[str], status: int, message: str) -> None:
    """The reader of the output has exited, as after ``| head``."""
    reader, writer = os.pipe()
    os.close(reader)
    words = [sys.executable, "-c", STEP.format(body), *options]
    try:
        done = subprocess.run(
            words,
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONUNBUFFERED": ""},
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (status, message)
