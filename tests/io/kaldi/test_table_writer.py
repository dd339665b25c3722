from __future__ import annotations

import gzip
import logging
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError, FormatError
from blasr.io import TableWriter, read_alignments, read_matrices, read_table, read_value, write_value
from blasr.io.kaldi.holders import INT_VECTOR, MATRIX, TOKEN
from blasr.io.kaldi.pipes import compressed_file, decompressed_files
from blasr.io.kaldi.specifiers import Rspecifier, ScriptEntry, Wspecifier, is_table

ONES = np.ones((2, 2), np.float32)


def test_wspecifiers() -> None:
    assert Wspecifier.parse("ark:a") == Wspecifier("a")
    assert Wspecifier.parse("a.ark") == Wspecifier("a.ark")
    assert Wspecifier.parse("ark,t:-") == Wspecifier("-", binary=False)
    assert Wspecifier.parse("ark,f,scp:a.ark, b.scp") == Wspecifier("a.ark", "b.scp", flush=True)
    assert Wspecifier.parse("scp,p:a.scp") == Wspecifier(None, "a.scp", permissive=True)
    assert Wspecifier.parse("t,ark:| gzip -c > a.gz") == Wspecifier("| gzip -c > a.gz", binary=False)
    for wrong in ("ark,scp:a.ark", "ark:", "scp:"):
        with pytest.raises(FormatError, match="names no file"):
            Wspecifier.parse(wrong)
    assert Rspecifier.parse("scp,p:a") == Rspecifier("scp", "a", permissive=True)
    assert is_table("ark,t:a") and not is_table("c:a.ark") and not is_table("a.scp")


def test_entries_of_scripts() -> None:
    assert ScriptEntry.parse("a.ark:12[3:5,1:2]") == ScriptEntry("a.ark", 12, "3:5,1:2")
    assert ScriptEntry.parse("a:b.ark") == ScriptEntry("a:b.ark")
    assert ScriptEntry.parse("a b.ark:0[:,1:2]") == ScriptEntry("a b.ark", 0, ":,1:2")
    assert ScriptEntry.parse("copy-feats ark:1 - |") == ScriptEntry("copy-feats ark:1 - |")


@pytest.mark.parametrize("form", ["ark,scp", "ark,t,scp", "ark,f,scp"])
def test_archives_with_scripts(tmp_path: Path, form: str) -> None:
    with TableWriter(f"{form}:{tmp_path}/a.ark,{tmp_path}/a.scp", MATRIX) as writer:
        writer.write("b", ONES)
        writer.write("a", ONES * 2)
    for name in ("a.ark", "a.scp"):
        found = dict(read_matrices(tmp_path / name))
        assert [found[key][0, 0] for key in ("b", "a")] == [1, 2]


def test_a_script_that_is_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
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


def test_what_is_missing_is_skipped_only_on_demand(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
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


def test_gzip_without_a_command(tmp_path: Path) -> None:
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


def test_which_commands_are_files() -> None:
    assert decompressed_files("cat a b |") == ["a", "b"]
    assert decompressed_files("gunzip -c 'a b.gz' |") == ["a b.gz"]
    for command in ("gunzip a.gz |", "cat a | head |", "zcat -q a |", "cat a; rm b |", "cat |", "cat `ls` |"):
        assert decompressed_files(command) is None
    assert compressed_file("| gzip -c > a.gz") == compressed_file("|gzip >a.gz") == "a.gz"
    for command in ("| gzip -c", "| gzip -c > $HOME/a", "| sort | gzip -c > a.gz", "| gzip -9 > a.gz", "| gzip 'a"):
        assert compressed_file(command) is None


def test_a_failed_command_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'false' of"):
        list(read_matrices("ark:false |", allow_pipes=True))
    with (
        pytest.raises(DataError, match="failed with status"),
        TableWriter("ark,t:| false", TOKEN, allow_pipes=True) as writer,
    ):
        writer.write("a", "b")


def test_an_entry_that_is_a_command(tmp_path: Path) -> None:
    write_value(str(tmp_path / "a.mat"), MATRIX, ONES, binary=False)
    (tmp_path / "a.scp").write_text(f"a tr 1 2 |\nb cat {tmp_path}/a.mat |\n")
    with pytest.raises(FormatError, match="only if they are allowed") as caught:
        list(read_matrices(tmp_path / "a.scp"))
    assert (caught.value.line, caught.value.utterance) == (1, "a")
    (tmp_path / "a.scp").write_text(f"a sed s/1/2/ {tmp_path}/a.mat |\n")
    ((_, matrix),) = read_matrices(tmp_path / "a.scp", allow_pipes=True)
    assert matrix.tolist() == [[2, 1], [2, 1]]


def test_what_has_no_script(tmp_path: Path) -> None:
    for ark in ("-", "a.ark.gz", "| cat"):
        with pytest.raises(DataError, match="cannot point into"):
            TableWriter(Wspecifier(ark, "a.scp"), MATRIX)


def test_single_values(tmp_path: Path) -> None:
    for binary in (True, False):
        write_value(str(tmp_path / "m"), MATRIX, np.arange(6).reshape(2, 3), binary=binary)
        assert read_value(str(tmp_path / "m"), MATRIX).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert read_value(f"{tmp_path}/m[1:1]", MATRIX).tolist() == [[3, 4, 5]]
    assert list(read_table(Path("/dev/null"), MATRIX)) == []
