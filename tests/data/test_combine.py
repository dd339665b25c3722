"""Combining data directories; the expected files are what Kaldi's script wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from blasr.data.combine import combine_data_dirs
from blasr.errors import ConfigError
from tests.data.data_dirs import FIXED, read, speakers, write


def test_an_output_that_is_also_a_source_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "data", FIXED)
    with pytest.raises(ConfigError, match="is among the sources"):
        combine_data_dirs(source, [source])


def test_files_that_one_source_lacks_are_left_out(tmp_path: Path) -> None:
    first = speakers(tmp_path / "a", {"ann": 2})
    second = speakers(tmp_path / "b", {"bob": 1})
    (second / "feats.scp").unlink()
    report = combine_data_dirs(tmp_path / "out", [second, first])
    files = read(tmp_path / "out")
    assert files["utt2spk"] == "ann-00 ann\nann-01 ann\nbob-00 bob\n"
    assert files["spk2utt"] == "ann ann-00 ann-01\nbob bob-00\n"
    assert "feats.scp" not in files and "cmvn.scp" in files
    assert report.notes == ["feats.scp: left out, since only 1 of 2 directories have it"]


def test_identical_lines_are_counted(tmp_path: Path) -> None:
    first, second = speakers(tmp_path / "a", {"ann": 5}), speakers(tmp_path / "b", {"ann": 5})
    notes = combine_data_dirs(tmp_path / "out", [first, second]).notes
    assert "utt2spk: removed 5 repeated identical lines, the first of ann-00" in notes
    assert not any("appeared twice" in note for note in notes if note.startswith("utt2spk"))


def test_whole_recordings_become_segments_where_one_source_has_segments(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a", FIXED), speakers(tmp_path / "b", {"zoe": 1})
    combine_data_dirs(tmp_path / "out", [first, second])
    assert read(tmp_path / "out")["segments"].splitlines()[-1] == "zoe-00 zoe-00 0 -1"
