"""Labels of the archives of a set: by several processes, and continued after an error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blasr.errors import FormatError, MismatchError
from blasr.io import write_alignments
from blasr.io.kaldi.label_parts import LabelConversion, convert_archives
from blasr.units import IntArray


def doubled(alignment: IntArray) -> IntArray:
    return alignment * 2


def refused(alignment: IntArray) -> IntArray:
    raise MismatchError("found transition-id 9, expected 1 to 5")


@pytest.fixture
def archives(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"ali.{number}.gz" for number in (1, 2, 3)]
    for number, path in enumerate(paths):
        items = [(f"u{number}-{item}", np.full(item, number, np.int32)) for item in range(3)]
        write_alignments(path, [] if number == 1 else items)
    return paths


@pytest.mark.parametrize("num_jobs", [1, 2])
def test_every_archive_is_a_part(archives: list[Path], tmp_path: Path, num_jobs: int) -> None:
    parts = convert_archives(archives, tmp_path / "parts", LabelConversion(doubled), num_jobs)
    assert [list(part.keys) for part in parts] == [["u0-0", "u0-1", "u0-2"], [], ["u2-0", "u2-1", "u2-2"]]
    assert [part.labels.tolist() for part in parts] == [[0, 0, 0], [], [4, 4, 4]]
    assert [part.offsets.tolist() for part in parts] == [[0, 0, 1, 3], [0], [0, 0, 1, 3]]


def test_finished_parts_are_used_again(archives: list[Path], tmp_path: Path) -> None:
    good = archives[1].read_bytes()
    archives[1].write_bytes(archives[0].read_bytes()[:-12])
    with pytest.raises(FormatError, match=r"ali\.2\.gz"):
        convert_archives(archives, tmp_path / "parts", None, 1)
    first = tmp_path / "parts" / "000001" / "labels.npy"
    stamp = first.stat().st_mtime_ns
    archives[1].write_bytes(good)
    assert len(convert_archives(archives, tmp_path / "parts", None, 1)) == 3
    assert first.stat().st_mtime_ns == stamp
    write_alignments(archives[0], [("u9", np.array([7], np.int32))])
    assert list(convert_archives(archives, tmp_path / "parts", None, 1)[0].keys) == ["u9"]


@pytest.mark.parametrize("num_jobs", [1, 2])
def test_a_mistake_names_archive_and_utterance(archives: list[Path], tmp_path: Path, num_jobs: int) -> None:
    with pytest.raises(MismatchError, match=r"ali\.[13]\.gz: utterance u[02]-0: found transition-id 9"):
        convert_archives(archives, tmp_path / "parts", LabelConversion(refused), num_jobs)
