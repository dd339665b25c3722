"""Ctrl-C as one message and exit status 130, from the first import to the end of a command.

This module is the first that the program imports. It imports as little as possible, because Ctrl-C before that is over
prints a traceback.
"""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Self

INTERRUPTED = 130
"""The exit status: 128 and the number of SIGINT, as shells report it."""


def exit_at_interrupt() -> None:
    """End the process at Ctrl-C with one message. For the start of the program, when there is nothing to clean up.

    An exception would not do: a module that is being imported may catch it or turn it into another one.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # otherwise it is ignored, as after nohup
        signal.signal(signal.SIGINT, _exit)


def is_program(argv: list[str]) -> bool:
    """Whether blasr is imported as a program, by ``blasr`` or ``python -m blasr.cli``, and not as a library."""
    return argv[:1] == ["-m"] or (bool(argv) and argv[0].replace("\\", "/").split("/")[-1] in ("blasr", "blasr.exe"))


def _exit(number: int, frame: FrameType | None) -> None:
    os.write(2, b"blasr: interrupted\n")
    os._exit(INTERRUPTED)


def ignore_first_stop() -> None:
    """Ignore SIGUSR1 and the first SIGTERM, for worker processes whose parent decides when they end.

    Batch systems send these signals to all processes of a job.
    """
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: signal.signal(signal.SIGTERM, signal.SIG_DFL))


class RecordedInterrupts:
    """A context in which Ctrl-C raises KeyboardInterrupt, and is remembered.

    Imports and compiled code may turn the exception into another one, such as an ImportError.

    Attributes:
        happened: whether there was a Ctrl-C.
    """

    def __init__(self) -> None:
        self.happened = False

    def __enter__(self) -> Self:
        import threading

        self._before = signal.getsignal(signal.SIGINT)
        in_main_thread = threading.current_thread() is threading.main_thread()
        self._is_set = in_main_thread and self._before in (_exit, signal.default_int_handler)
        if self._is_set:
            signal.signal(signal.SIGINT, self._interrupt)
        return self

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self.happened = True
        raise KeyboardInterrupt

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_set:
            signal.signal(signal.SIGINT, self._before)
