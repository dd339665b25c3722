"""Tables in plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def columns(header: Sequence[str], rows: Iterable[Sequence[str | int]], *, right: Sequence[bool] | None = None) -> str:
    """Return a table in plain text, which does not depend on the width of the terminal.

    Args:
        header: the first row.
        rows: the other rows.
        right: which columns are aligned to the right; by default those with an integer in the first row.
    """
    rows = list(rows)
    texts = [tuple(header), *(tuple(map(str, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    if right is None:
        right = [isinstance(cell, int) for cell in rows[0]] if rows else [False] * len(widths)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in texts
    )


def numbers_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with its first column aligned to the left and all others to the right."""
    return columns(header, rows, right=[False] + [True] * (len(header) - 1))
