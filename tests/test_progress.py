from __future__ import annotations

import pytest

from blasr.progress import track


def test_items_pass_and_nothing_is_drawn_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(range(5), "counting")) == [0, 1, 2, 3, 4]
    assert capsys.readouterr().err == ""
