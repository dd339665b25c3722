"""How an epoch looks while it runs: a live bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class EpochDisplay:
    """A progress bar with the figures of the running epoch and the time left in it.

    Args:
        description: shown before the bar.
        total: batches of the epoch.
        done: batches already trained on.
        enabled: whether to show anything; nothing is shown where stderr is no terminal.
    """

    def __init__(self, description: str, total: int, done: int = 0, enabled: bool = True) -> None:
        console = Console(file=sys.stderr)
        self._progress: Progress | None = None
        if enabled and console.is_terminal:
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[figures]}"),
                TimeRemainingColumn(),
            )
            self._progress = Progress(*columns, console=console, transient=True)
            self._task = self._progress.add_task(description, total=total, completed=done, figures="")

    def advance(self, figures: str) -> None:
        """One more batch is done; ``figures`` is what is known by now."""
        if self._progress is not None:
            self._progress.update(self._task, advance=1, figures=figures)

    def __enter__(self) -> EpochDisplay:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()
