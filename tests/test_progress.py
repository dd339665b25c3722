from __future__ import annotations

import pytest

from blasr.progress import track


def test_nothing_is_printed_if_stderr_is_not_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(range(5), "counting")) == [0, 1, 2, 3, 4]
    assert capsys.readouterr().err == ""
