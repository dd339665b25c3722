"""Problems of a data directory as text: those of one kind are counted after the first few."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blasr.data.check import Problem
from blasr.io.text_lines import describe_lines

_NUM_WHOLE = 3


def problem_report(problems: Sequence[Problem]) -> Iterator[str]:
    """Yield the problems in their order, each with its fix.

    After the first three problems of a file that have the same fix, the others become one line with their number.
    """
    kinds: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        kinds.setdefault((str(problem.path), problem.fix), []).append(problem)
    for kind in kinds.values():
        yield from map(str, kind[:_NUM_WHOLE])
        if others := kind[_NUM_WHOLE:]:
            lines = [problem.line for problem in others if problem.line is not None]
            where = f", on {describe_lines(lines)}" if lines else ""
            yield f"{others[0].path}: {len(others):,} more with the same fix{where}"
