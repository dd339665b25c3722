"""A record that is not one is refused, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.errors import FormatError
from blasr.pipeline.runs.record_file import read_record


@pytest.mark.parametrize("text", ["{", "[]", '{"config": {}}', '{"starts": 3}'])
def test_files_that_are_not_records(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(FormatError, match=r"is not the record of a training run.*\n  fix: restore it from a copy"):
        read_record(path)


def test_a_record(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text('{"starts": [], "seed": 1}')
    assert read_record(path) == {"starts": [], "seed": 1}
