"""The progress bar of an epoch: live on a terminal, absent elsewhere."""

from __future__ import annotations

from types import TracebackType

from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from blasr.progress import bar_column, progress_console


class EpochDisplay:
    """A progress bar with the metrics of the current epoch and the time left in it.

    Args:
        description: the text before the bar.
        total: batches of the epoch.
        done: batches already trained on.
        enabled: whether to show anything. Nothing is shown if stderr is not a terminal.
    """

    def __init__(self, description: str, total: int, done: int = 0, enabled: bool = True) -> None:
        console = progress_console() if enabled else None
        self._progress: Progress | None = None
        if console is not None:
            columns = (
                TextColumn("{task.description}"),
                bar_column(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[metrics]}"),
                TimeRemainingColumn(),
            )
            self._progress = Progress(*columns, console=console, transient=True)
            self._task = self._progress.add_task(description, total=total, completed=done, metrics="")

    def advance(self, metrics: str, batches: int = 1) -> None:
        """Count more batches and show the ``metrics`` so far."""
        if self._progress is not None:
            self._progress.update(self._task, advance=batches, metrics=metrics)

    def __enter__(self) -> EpochDisplay:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()
