from __future__ import annotations

import gzip
import logging
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError, FormatError
from blasr.io import TableWriter, read_alignments, read_matrices, read_table, read_value, write_value
from blasr.io.kaldi.holders import INT_VECTOR, MATRIX, TOKEN
from blasr.io.kaldi.specifiers import Wspecifier

ONES = np.ones((2, 2), np.float32)


@pytest.mark.parametrize("form", ["ark,scp", "ark,t,scp", "ark,f,scp"])
def test_scripts_point_into_their_archives(tmp_path: Path, form: str) -> None:
    with TableWriter(f"{form}:{tmp_path}/a.ark,{tmp_path}/a.scp", MATRIX) as writer:
        writer.write("b", ONES)
        writer.write("a", ONES * 2)
    for name in ("a.ark", "a.scp"):
        found = dict(read_matrices(tmp_path / name))
        assert [found[key][0, 0] for key in ("b", "a")] == [1, 2]


def test_values_are_written_to_the_files_that_a_script_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "to.scp").write_text(f"a {tmp_path}/a.mat\nb {tmp_path}/b.mat.gz\n")
    with TableWriter(f"scp:{tmp_path}/to.scp", MATRIX) as writer:
        writer.write("a", ONES)
        writer.write("b", ONES * 2)
        with pytest.raises(DataError, match="the script has no file for it"):
            writer.write("c", ONES)
    assert (tmp_path / "a.mat").read_bytes()[:5] == b"\0BFM "
    assert [key for key, _ in read_matrices(tmp_path / "to.scp")] == ["a", "b"]
    with TableWriter(f"scp,p:{tmp_path}/to.scp", MATRIX) as writer, caplog.at_level(logging.WARNING):
        writer.write("c", ONES)
        assert len(writer) == 0
    assert "skipping utterance c" in caplog.text


def test_missing_values_are_skipped_with_the_option_p_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_value(str(tmp_path / "a.mat"), MATRIX, ONES)
    (tmp_path / "a.scp").write_text(f"a {tmp_path}/a.mat\ngone {tmp_path}/gone.mat\nz {tmp_path}/a.mat\n")
    with pytest.raises(FormatError, match="utterance gone"):
        list(read_matrices(f"scp:{tmp_path}/a.scp"))
    with caplog.at_level(logging.WARNING):
        assert [key for key, _ in read_matrices(f"scp,p:{tmp_path}/a.scp")] == ["a", "z"]
    assert "utterance gone" in caplog.text
    with TableWriter(f"ark:{tmp_path}/a.ark", MATRIX) as writer:
        writer.write("a", ONES)
        writer.write("b", ONES)
    (tmp_path / "a.ark").write_bytes((tmp_path / "a.ark").read_bytes()[:-1])
    assert [key for key, _ in read_matrices(f"ark,p:{tmp_path}/a.ark")] == ["a"]


def test_gzip_commands_are_not_run(tmp_path: Path) -> None:
    for number in (1, 2):
        with TableWriter(f"ark:|gzip -c >{tmp_path}/ali.{number}.gz", INT_VECTOR) as writer:
            writer.write(f"u{number}", np.array([number]))
    assert gzip.decompress((tmp_path / "ali.1.gz").read_bytes())[:5] == b"u1 \0B"
    for command in ("gunzip -c", "zcat", "gzip -dc"):
        found = read_alignments(f"ark:{command} {tmp_path}/ali.*.gz|")
        assert {key: values.tolist() for key, values in found} == {"u1": [1], "u2": [2]}
    with pytest.raises(FormatError, match="cannot be opened"):
        list(read_alignments(f"ark:zcat {tmp_path}/none.*.gz |"))
    with pytest.raises(DataError, match=r"end its name in \.gz"), TableWriter("ark:|gzip -c > a.ark", INT_VECTOR):
        pass


def test_a_failed_command_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'false' of"):
        list(read_matrices("ark:false |", allow_pipes=True))
    with (
        pytest.raises(DataError, match="failed with status"),
        TableWriter("ark,t:| false", TOKEN, allow_pipes=True) as writer,
    ):
        writer.write("a", "b")


def test_entries_of_a_script_may_be_commands(tmp_path: Path) -> None:
    write_value(str(tmp_path / "a.mat"), MATRIX, ONES, binary=False)
    (tmp_path / "a.scp").write_text(f"a tr 1 2 |\nb cat {tmp_path}/a.mat |\n")
    with pytest.raises(FormatError, match="only if they are allowed") as caught:
        list(read_matrices(tmp_path / "a.scp"))
    assert (caught.value.line, caught.value.utterance) == (1, "a")
    (tmp_path / "a.scp").write_text(f"a sed s/1/2/ {tmp_path}/a.mat |\n")
    ((_, matrix),) = read_matrices(tmp_path / "a.scp", allow_pipes=True)
    assert matrix.tolist() == [[2, 1], [2, 1]]


def test_some_archives_cannot_have_a_script(tmp_path: Path) -> None:
    for ark in ("-", "a.ark.gz", "| cat"):
        with pytest.raises(DataError, match="cannot point into"):
            TableWriter(Wspecifier(ark, "a.scp"), MATRIX)


def test_files_of_one_value(tmp_path: Path) -> None:
    for binary in (True, False):
        write_value(str(tmp_path / "m"), MATRIX, np.arange(6).reshape(2, 3), binary=binary)
        assert read_value(str(tmp_path / "m"), MATRIX).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert read_value(f"{tmp_path}/m[1:1]", MATRIX).tolist() == [[3, 4, 5]]
    assert list(read_table(Path("/dev/null"), MATRIX)) == []
