from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import FormatError
from blasr.io.nist.times import parse_seconds


def test_numbers_from_zero_up() -> None:
    assert [parse_seconds(text, "start", Path("a.ctm"), 1) for text in ("0", "1.25", "3e1")] == [0, 1.25, 30]


@pytest.mark.parametrize("text", ["-0.1", "nan", "inf", "1s", ""])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(FormatError, match=f"a.ctm:3: the start is '{text}', expected a number of at least 0"):
        parse_seconds(text, "start", Path("a.ctm"), 3)
