from __future__ import annotations

from pathlib import Path

import pytest

from blasr.align.output_folder import output_folder
from blasr.errors import DataError


def test_a_new_folder_is_kept_on_success_and_removed_after_an_error(tmp_path: Path) -> None:
    with output_folder(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "file").write_text("text")
    assert (tmp_path / "a" / "b" / "file").exists()
    with pytest.raises(KeyboardInterrupt), output_folder(tmp_path / "c"):
        (tmp_path / "c" / "file").write_text("text")
        raise KeyboardInterrupt
    assert not (tmp_path / "c").exists()


def test_an_existing_folder_is_kept_after_an_error(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("text")
    with pytest.raises(ValueError, match="stop"), output_folder(tmp_path):
        raise ValueError("stop")
    assert (tmp_path / "old").read_text() == "text"


def test_alignments_that_would_be_read_too_are_refused(tmp_path: Path) -> None:
    (tmp_path / "ali.1.gz").touch()
    (tmp_path / "ali.1.pdf.txt").touch()
    with output_folder(tmp_path):
        pass
    (tmp_path / "ali.2.gz").touch()
    with pytest.raises(DataError, match=r"has the alignments ali\.2\.gz"), output_folder(tmp_path):
        raise AssertionError("not reached")
    assert (tmp_path / "ali.2.gz").exists()
