"""Outputs that are complete or absent: they are written under a temporary name and renamed when complete."""

from __future__ import annotations

import errno
import gzip
import io
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, Literal, TextIO, overload

from blasr.errors import DataError

OutputPath = str | os.PathLike[str]

_REFUSALS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"""What the machine says only to somebody who writes; the error has no file name."""
_BUFFER_BYTES: Final = 1 << 17


@contextmanager
def writing(path: OutputPath, temporary: Path | None = None) -> Iterator[None]:
    """Name the file in errors of the machine while it is written: a full disk, a quota, a missing permission.

    Args:
        path: the file or folder that the user asked for.
        temporary: the file or folder that is written in its place.

    Raises:
        DataError: ``path`` cannot be written.
    """
    try:
        yield
    except OSError as error:
        names = {name for name in (error.filename, error.filename2) if name is not None}
        is_ours = temporary is not None and any(_lies_in(name, temporary) for name in names)
        if not is_ours and (names or not _is_refusal(error)):
            raise
        raise _cannot_write(path, error) from None


def _is_refusal(error: OSError) -> bool:
    # numpy's tofile has no error number, only "8 requested and 0 written"
    return error.errno in _REFUSALS or (error.errno is None and "requested and" in str(error))


def _lies_in(name: str | bytes | int, folder: Path) -> bool:
    if isinstance(name, int):
        return False
    path = Path(os.fsdecode(name))
    return path == folder or folder in path.parents


def _cannot_write(path: OutputPath, error: OSError) -> DataError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, None)
    reason = error.strerror or os.strerror(errno.ENOSPC)
    fix = "free space there, or choose another disk" if full else "choose another place, or change its permissions"
    return DataError(f"cannot be written: {reason}", path=path, fix=fix)


class _NamedFile(io.FileIO):
    """A file whose errors name the path that the user asked for."""

    def __init__(self, temporary: Path, path: OutputPath) -> None:
        self._path = path
        super().__init__(temporary, "w")

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _cannot_write(self._path, error) from None


def _hidden_sibling(path: Path, purpose: str) -> Path:
    """An unused hidden name in the same folder, with the same suffix as ``path``."""
    return path.with_name(f".{path.stem}.{os.getpid()}-{secrets.token_hex(4)}.{purpose}{path.suffix}")


@contextmanager
def atomic_path(path: OutputPath) -> Iterator[Path]:
    """Yield a temporary path to write to; it is renamed to ``path`` on success and removed on an error.

    Missing folders above ``path`` are created. An existing file stays in place until the new one is complete. An
    existing path that is not a regular file (a pipe, ``/dev/null``) is yielded itself.

    Raises:
        DataError: ``path`` is a folder, or the folders above it cannot be created.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise DataError("is a folder, expected the name of a file to write", path=path)
    if target.exists() and not target.is_file():
        with writing(path, target):
            yield target
        return
    _create_parents(target)
    temporary = _hidden_sibling(target, "tmp")
    try:
        with writing(path, temporary):
            yield temporary
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _create_parents(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"the folder {error.filename} cannot be created: {error.strerror}", path=target) from None


@overload
def atomic_open(path: OutputPath, mode: Literal["wb"] = "wb") -> AbstractContextManager[BinaryIO]: ...
@overload
def atomic_open(path: OutputPath, mode: Literal["w"]) -> AbstractContextManager[TextIO]: ...
def atomic_open(path: OutputPath, mode: Literal["wb", "w"] = "wb") -> Any:
    """Open a file for writing bytes (``"wb"``) or UTF-8 text (``"w"``); it appears when it is complete.

    The file is gzipped if its name ends in ``.gz``.

    Raises:
        DataError: ``path`` is a folder, or cannot be written.
    """
    return _atomic_open(path, mode)


@contextmanager
def _atomic_open(path: OutputPath, mode: Literal["wb", "w"]) -> Iterator[IO[Any]]:
    with ExitStack() as stack:
        temporary = stack.enter_context(atomic_path(path))
        stream: Any = stack.enter_context(io.BufferedWriter(_NamedFile(temporary, path), _BUFFER_BYTES))
        if Path(path).suffix == ".gz":  # no name or time in the header, so that equal contents give equal bytes
            stream = stack.enter_context(gzip.GzipFile("", "wb", compresslevel=6, fileobj=stream, mtime=0))
        yield stack.enter_context(io.TextIOWrapper(stream, encoding="utf-8", newline="\n")) if mode == "w" else stream


@contextmanager
def atomic_dir(path: OutputPath) -> Iterator[Path]:
    """Yield a temporary folder to fill; it replaces the folder ``path`` on success and is removed on an error.

    Raises:
        DataError: ``path`` is a file, or the folders above it cannot be created.
    """
    target = Path(os.path.realpath(path))
    if target.is_file():
        raise DataError("is a file, expected the name of a folder to write", path=path)
    _create_parents(target)
    temporary = _hidden_sibling(target, "tmp")
    try:
        with writing(path, temporary):
            temporary.mkdir()
            yield temporary
            _replace_dir(target, temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _replace_dir(target: Path, temporary: Path) -> None:
    if not target.exists():
        temporary.rename(target)
        return
    old = _hidden_sibling(target, "old")
    target.rename(old)
    try:
        temporary.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)  # the new folder is complete; what is left of the old one harms nothing
