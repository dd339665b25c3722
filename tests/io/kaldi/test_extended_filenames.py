from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pytest

from blasr.errors import DataError, FormatError
from blasr.io.kaldi.extended_filenames import open_input, open_output


def content(name: str, *, allow_pipes: bool = False) -> tuple[bytes, int | None]:
    with open_input(name, allow_pipes=allow_pipes) as (stream, size):
        return stream.read(), size


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a").write_bytes(b"one ")
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"two "))
    return tmp_path


def test_files_and_gzipped_files(folder: Path) -> None:
    assert content(f"{folder}/a") == (b"one ", 4)
    assert content(f"{folder}/b.gz") == (b"two ", None)


def test_files_of_a_decompressing_command_are_read_without_running_it(folder: Path) -> None:
    assert content(f"gunzip -c {folder}/b.gz {folder}/a {folder}/b.gz |") == (b"two one two ", None)
    with pytest.raises(FormatError, match="absent: cannot be opened"):
        content(f"cat {folder}/a {folder}/absent |")


def test_other_commands_are_run_only_if_allowed(folder: Path) -> None:
    command = f"tr o 0 < {folder}/a |"
    with pytest.raises(FormatError, match="--allow-pipes"):
        content(command)
    with pytest.raises(DataError, match="needs a shell"):
        content(command, allow_pipes=True)
    assert content(f"head -c 2 {folder}/a |", allow_pipes=True) == (b"on", None)


def test_standard_input_and_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"three")))
    assert content("-") == (b"three", None)
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output))
    with open_output("-") as stream:
        stream.write(b"four")
    assert output.getvalue() == b"four"


def test_an_empty_gzipped_file_is_refused(folder: Path) -> None:
    (folder / "empty.gz").touch()
    with pytest.raises(FormatError, match="the file is empty"):
        content(f"{folder}/empty.gz")


def test_outputs(folder: Path) -> None:
    for name in ("c", "c.gz", f"| gzip -c > {folder}/d.gz"):
        with open_output(name if name.startswith("|") else f"{folder}/{name}") as stream:
            stream.write(b"five")
    assert (folder / "c").read_bytes() == b"five"
    assert gzip.decompress((folder / "c.gz").read_bytes()) == gzip.decompress((folder / "d.gz").read_bytes()) == b"five"
    with pytest.raises(FormatError, match="--allow-pipes"), open_output(f"| tee {folder}/e"):
        pass
    assert not (folder / "e").exists()


@pytest.mark.parametrize("name", ["a.gz", "a"])
def test_gzipped_files_are_recognized_by_their_first_bytes(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for content, size in ((b"plain", 5), (gzip.compress(b"packed"), None)):
        path.write_bytes(content)
        with open_input(str(path)) as (stream, found):
            assert (stream.read(), found) == (b"plain" if size else b"packed", size)
