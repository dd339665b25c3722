"""Damaged inputs to every parser, and the fuzzer itself."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from blasr.errors import FormatError
from tests.fuzz.mutation import mutate
from tests.fuzz.run import fuzz
from tests.fuzz.targets import Target, targets


def test_damaged_inputs_end_in_format_errors(tmp_path: Path) -> None:
    chosen = targets()
    counts, failed = fuzz(chosen, 40 * len(chosen), 3, tmp_path / "failures")
    assert failed == 0
    assert sum(counts.values()) == 40 * len(chosen)
    assert any("refused" in name for name in counts) and any("accepted" in name for name in counts)


@pytest.mark.parametrize("target", targets(), ids=lambda target: target.name)
def test_the_seeds_are_valid(target: Target) -> None:
    for data in target.seeds:
        target.parse(data)


def test_crashes_and_hangs_are_found(tmp_path: Path) -> None:
    def crash(data: bytes) -> None:
        if len(data) % 2:
            raise ValueError("not a FormatError")
        raise FormatError("damaged")

    def hang(data: bytes) -> None:
        while data:
            pass

    _, failed = fuzz([Target("crash", (b"abc",), crash)], 60, 1, tmp_path / "failures", most=5)
    assert failed == 5
    assert len(list((tmp_path / "failures").iterdir())) == 5
    _, failed = fuzz([Target("hang", (b"abc",), hang)], 1, 1, tmp_path / "failures")
    assert failed == 1


def test_mutations_repeat() -> None:
    seeds = [b"abcdef" * 5, b"12345"]
    first, second = ([mutate(Random(5), seeds) for _ in range(20)] for _ in range(2))
    assert first == second
