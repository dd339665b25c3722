"""A part of a file as a stream."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from blasr.io.file_part import FilePart


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(bytes(range(100)))
    return tmp_path / "file"


def test_only_the_part_is_read(path: Path) -> None:
    with FilePart(path, 10, 20) as part:
        assert part.read() == bytes(range(10, 30))
        assert part.read(1) == b""
        assert part.seek(-5, io.SEEK_END) == 15
        assert part.read(3) == bytes([25, 26, 27])
        assert (part.tell(), part.seek(1, io.SEEK_CUR)) == (18, 19)
        assert part.seek(-50) == 0
        with part.part(5, 2) as inner:
            assert inner.read() == bytes([15, 16])
    assert part.closed


def test_the_file_may_end_before_the_part(path: Path) -> None:
    with FilePart(path, 95, 20) as part:
        assert part.read() == bytes(range(95, 100))
