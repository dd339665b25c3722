from __future__ import annotations

import errno
import gzip
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.io.atomic import atomic_dir, atomic_open, atomic_path


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    with atomic_open(tmp_path / "deep" / "a.txt", "w") as stream:
        stream.write("größer\n")
        assert not (tmp_path / "deep" / "a.txt").exists()
    assert contents(tmp_path / "deep") == {"a.txt": "größer\n"}


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old", encoding="utf-8")
    with pytest.raises(RuntimeError), atomic_open(tmp_path / "a.txt", "w") as stream:
        stream.write("new")
        raise RuntimeError
    assert contents(tmp_path) == {"a.txt": "old"}


def test_an_error_leaves_no_new_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "a.ark") as temporary:
        assert temporary.suffix == ".ark", "some writers go by the suffix"
        temporary.write_bytes(b"half")
        raise RuntimeError
    assert contents(tmp_path) == {}


def test_gzipped_files_with_equal_contents_are_equal(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        with atomic_open(tmp_path / name) as stream:
            stream.write(b"same" * 100)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == b"same" * 100
    with atomic_open(tmp_path / "text.gz", "w") as text:
        text.write("ä\n")
    assert gzip.decompress((tmp_path / "text.gz").read_bytes()) == "ä\n".encode()


def test_the_target_of_a_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old", encoding="utf-8")
    (tmp_path / "link").symlink_to("target")
    with atomic_open(tmp_path / "link", "w") as stream:
        stream.write("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text(encoding="utf-8") == "new"


def test_a_device_is_written_to_directly() -> None:
    with atomic_open("/dev/null") as stream:
        stream.write(b"gone")
    assert Path("/dev/null").is_char_device()


def test_a_path_that_cannot_be_written_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="is a folder"), atomic_open(tmp_path):
        pass
    with pytest.raises(DataError, match="cannot be created"), atomic_open(tmp_path / "file" / "a"):
        pass
    with pytest.raises(DataError, match="is a file"), atomic_dir(tmp_path / "file"):
        pass


@pytest.fixture
def small_files() -> Iterator[None]:
    """The system refuses to write beyond 64 kB of a file, with an error that has no file name, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("small_files")
@pytest.mark.parametrize("name", ["a.txt", "a.gz"])
def test_a_refusal_names_the_file_and_leaves_the_old_one(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"old")
    with pytest.raises(DataError, match="cannot be written: File too large") as caught, atomic_open(path) as stream:
        stream.write(os.urandom(1 << 20))
    assert (caught.value.path, path.read_bytes()) == (path, b"old")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.usefixtures("small_files")
def test_the_file_that_is_full_is_named_among_several(tmp_path: Path) -> None:
    large, small = tmp_path / "large", tmp_path / "small"
    with pytest.raises(DataError) as caught, atomic_open(large) as first, atomic_open(small) as second:
        second.write(b"x")
        first.write(b"x" * (1 << 20))
    assert caught.value.path == large
    assert not large.exists() and not small.exists()


@pytest.mark.usefixtures("small_files")
def test_a_folder_that_cannot_be_completed_is_absent(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written") as caught, atomic_dir(tmp_path / "new") as temporary:
        np.save(temporary / "a.npy", np.zeros(1 << 20))
    assert caught.value.path == tmp_path / "new"
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_is_full_is_named() -> None:
    with pytest.raises(DataError, match="No space left on device") as caught, atomic_open("/dev/full") as stream:
        stream.write(b"x")
    assert caught.value.path == "/dev/full"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), OSError("8 requested and 0 written")])
def test_errors_of_other_writers_name_the_file(error: OSError, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written") as caught, atomic_path(tmp_path / "a"):
        raise error  # as by write_bytes or numpy
    assert caught.value.path == tmp_path / "a"
    with pytest.raises(DataError, match="cannot be written") as caught, atomic_dir(tmp_path / "b"):
        raise error
    assert caught.value.path == tmp_path / "b"


def test_the_name_is_the_one_that_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught, atomic_path(tmp_path / "a") as temporary:
        raise PermissionError(errno.EACCES, "Permission denied", str(temporary))
    assert (caught.value.path, caught.value.message) == (tmp_path / "a", "cannot be written: Permission denied")


def test_errors_of_what_is_read_stay_as_they_are(tmp_path: Path) -> None:
    for error in (FileNotFoundError(errno.ENOENT, "absent", "input"), BrokenPipeError(), OSError(errno.EIO, "bad")):
        with pytest.raises(OSError) as caught, atomic_path(tmp_path / "a"):
            raise error
        assert caught.value is error


def test_a_new_folder_replaces_the_old_one_completely(tmp_path: Path) -> None:
    target = tmp_path / "lang"
    for name in ("old", "new"):
        with atomic_dir(target) as temporary:
            (temporary / name).write_text(name, encoding="utf-8")
    assert contents(target) == {"new": "new"}
    with pytest.raises(RuntimeError), atomic_dir(target) as temporary:
        (temporary / "half").touch()
        raise RuntimeError
    assert contents(target) == {"new": "new"}
    assert [path.name for path in tmp_path.iterdir()] == ["lang"]
