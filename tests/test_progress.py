from __future__ import annotations

import re
import sys
from io import StringIO

import pytest

from blasr.progress import StatusLine, progress_console, shows_progress, track


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def a_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Put a terminal with colors and 40 columns in place of stderr, and return it."""
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "40")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    return stream


def rows(text: str) -> list[str]:
    """The lines of a terminal without what moves the cursor or sets colors."""
    return re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text))


def test_nothing_is_printed_if_stderr_is_not_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as some CI services do
    assert list(track(range(5), "counting")) == [0, 1, 2, 3, 4]
    StatusLine().show("words so far")
    StatusLine().clear()
    assert progress_console() is None
    assert capsys.readouterr().err == ""


def test_a_terminal_shows_a_bar_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    assert list(track(range(5), "counting utterances")) == [0, 1, 2, 3, 4]
    text = terminal.getvalue()
    assert "5/5" in text
    assert max(map(len, rows(text))) <= 40
    assert re.search(r"\x1b\[[0-9;]*3[0-9]", text), "colors"


def test_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    assert list(track(range(5), "counting")) == [0, 1, 2, 3, 4]
    assert "5/5" in terminal.getvalue()
    assert not re.search(r"\x1b\[[0-9;]*[34][0-9]", terminal.getvalue())


def test_a_terminal_without_a_cursor_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    monkeypatch.setenv("TERM", "dumb")
    assert not shows_progress()
    assert list(track(range(5), "counting")) == [0, 1, 2, 3, 4]
    assert terminal.getvalue() == ""


def test_a_status_line_shows_the_end_of_a_long_text(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    line = StatusLine()
    line.show("a" * 50 + "b" * 39)
    line.show("short")
    line.clear()
    assert terminal.getvalue() == f"\r\033[K{'b' * 39}\r\033[Kshort\r\033[K"
