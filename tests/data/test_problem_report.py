from __future__ import annotations

from pathlib import Path

from blasr.data.check import Problem
from blasr.data.problem_report import problem_report


def test_problems_of_one_kind_are_counted_after_the_first_three() -> None:
    path = Path("q/text")
    problems = [Problem(path, line, f"u{line} appears twice", "keep one") for line in range(1, 20001)]
    problems.insert(5, Problem(path, None, "is empty", "write it"))
    report = list(problem_report(problems))
    assert report == [
        *(f"q/text:{line}: u{line} appears twice\n  fix: keep one" for line in (1, 2, 3)),
        "q/text: 19,997 more with the same fix, on lines 4, 5, 6 and 19,994 more",
        "q/text: is empty\n  fix: write it",
    ]


def test_problems_without_a_line_are_counted_too() -> None:
    problems = [Problem(Path("q"), None, str(number), "fix") for number in range(5)]
    assert list(problem_report(problems))[3:] == ["q: 2 more with the same fix"]
