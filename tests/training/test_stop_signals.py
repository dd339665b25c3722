"""Signals are recorded once, and handled as before afterwards."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from blasr.training.stop_signals import STOP_SIGNALS, StopSignals


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_signal_is_recorded(number: signal.Signals) -> None:
    before = {one: signal.getsignal(one) for one in STOP_SIGNALS}
    with StopSignals() as signals:
        assert signals.received == 0
        os.kill(os.getpid(), number)
        assert signals.received == number
        assert {one: signal.getsignal(one) for one in STOP_SIGNALS} == before  # a second one acts as usual
    with StopSignals():
        pass
    assert {one: signal.getsignal(one) for one in STOP_SIGNALS} == before


def test_other_threads_change_nothing() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def work() -> None:
        with StopSignals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
