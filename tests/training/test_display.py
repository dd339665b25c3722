"""The progress bar of an epoch."""

from __future__ import annotations

import sys
from io import StringIO

import pytest

from blasr.training.display import EpochDisplay


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def shown(stream: StringIO, monkeypatch: pytest.MonkeyPatch, enabled: bool = True, width: int = 120) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(width))
    with EpochDisplay("epoch 1/2", total=4, done=1, enabled=enabled) as display:
        display.advance("loss 0.500")
    return stream.getvalue()


def test_a_terminal_shows_batches_and_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    for width in (120, 50):
        text = shown(Terminal(), monkeypatch, width=width)
        assert "epoch 1/2" in text and "2/4" in text and "loss 0.500" in text


def test_nothing_is_shown_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(StringIO(), monkeypatch) == ""
    assert shown(Terminal(), monkeypatch, enabled=False) == ""
