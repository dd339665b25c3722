"""SIGTERM and SIGUSR1 during training: finish the step, save, and exit, so that the same command resumes."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Final, Self

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGUSR1)
"""What batch systems send before they end a job (Slurm: ``--signal=USR1@60``)."""


class StopSignals:
    """A context in which :data:`STOP_SIGNALS` are recorded instead of ending the process.

    A second signal ends the process as usual. Outside the main thread, nothing is changed.

    Attributes:
        received: the number of the first signal; 0 before it.
    """

    def __init__(self) -> None:
        self.received = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._record) for number in STOP_SIGNALS}
        return self

    def _record(self, number: int, frame: FrameType | None) -> None:
        self.received = number
        self._restore()

    def _restore(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, handler)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()
