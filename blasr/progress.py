"""Progress bars, and lines that are replaced, on a terminal. Elsewhere nothing is printed: logs stay readable.

rich has no colors if the variable ``NO_COLOR`` is set, and does not exceed the width of the terminal or ``COLUMNS``.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import BarColumn

Item = TypeVar("Item")


_CLEAR: Final = "\r\033[K"
"""Return to the beginning of the line, and erase it."""
_BAR_WIDTH: Final = 40
_WITHOUT_CURSOR: Final = ("dumb", "unknown")
"""Values of ``TERM`` of terminals that cannot replace what they have printed."""


def shows_progress() -> bool:
    """Return whether stderr is a terminal that can replace a line; ``FORCE_COLOR`` does not make one of a log."""
    return sys.stderr.isatty() and os.environ.get("TERM", "").lower() not in _WITHOUT_CURSOR


def progress_console() -> Console | None:
    """Return rich's console on stderr, or None if :func:`shows_progress` is false."""
    if not shows_progress():
        return None
    from rich.console import Console

    return Console(file=sys.stderr)


class StatusLine:
    """One line on stderr that is replaced, such as the words so far. It is shown only on a terminal."""

    def __init__(self) -> None:
        self.enabled: Final = shows_progress()

    def show(self, text: str) -> None:
        """Replace the line; of a text that is too long for the terminal, the end is shown."""
        if self.enabled:
            width = max(shutil.get_terminal_size().columns - 1, 1)
            sys.stderr.write(f"{_CLEAR}{text[-width:]}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Erase the line before other output."""
        if self.enabled:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()


def bar_column() -> BarColumn:
    """Return the bar of a progress bar; it is the first part to shrink on a narrow terminal."""
    from rich.progress import BarColumn
    from rich.table import Column

    return BarColumn(None, table_column=Column(max_width=_BAR_WIDTH))


def track(items: Iterable[Item], description: str, total: int | None = None) -> Iterator[Item]:
    """Yield ``items``, and show a progress bar on stderr if it is a terminal.

    Args:
        items: what to yield.
        description: the text before the bar.
        total: the number of items; by default the length of ``items``, if it has one.
    """
    console = progress_console()
    if console is None:
        yield from items
        return
    from rich.progress import (
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        bar_column(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield from progress.track(items, total=total, description=description)
