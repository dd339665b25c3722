"""Outputs that are whole or absent: written under a temporary name beside the target, renamed when complete."""

from __future__ import annotations

import gzip
import io
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, Literal, TextIO, overload

from blasr.errors import DataError

Target = str | os.PathLike[str]


def _sibling(path: Path, purpose: str) -> Path:
    """An unused hidden name beside ``path``, on the same file system, that keeps its suffix."""
    return path.with_name(f".{path.stem}.{os.getpid()}-{secrets.token_hex(4)}.{purpose}{path.suffix}")


@contextmanager
def atomic_path(path: Target) -> Iterator[Path]:
    """Give a temporary path to write to; it becomes ``path`` on success and is removed on an error.

    Folders above ``path`` are made as needed. What ``path`` held before stays until the new file is complete.
    A path that is there and is no regular file (a pipe, ``/dev/null``) is given as it is.

    Raises:
        DataError: ``path`` is a folder, or the folders above it cannot be made.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise DataError("is a folder, where a file is to be written", path=path)
    if target.exists() and not target.is_file():
        yield target
        return
    _make_parents(target)
    temporary = _sibling(target, "tmp")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _make_parents(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"the folder {error.filename} cannot be made: {error.strerror}", path=target) from None


@overload
def atomic_open(path: Target, mode: Literal["wb"] = "wb") -> AbstractContextManager[BinaryIO]: ...
@overload
def atomic_open(path: Target, mode: Literal["w"]) -> AbstractContextManager[TextIO]: ...
def atomic_open(path: Target, mode: Literal["wb", "w"] = "wb") -> Any:
    """Open ``path`` for writing bytes (``"wb"``) or UTF-8 text (``"w"``), atomically; a name in .gz is gzipped."""
    return _atomic_open(path, mode)


@contextmanager
def _atomic_open(path: Target, mode: Literal["wb", "w"]) -> Iterator[IO[Any]]:
    with ExitStack() as stack:
        temporary = stack.enter_context(atomic_path(path))
        try:
            stream: Any = stack.enter_context(temporary.open("wb"))
        except OSError as error:
            raise DataError(f"cannot be written: {error.strerror}", path=path) from None
        if Path(path).suffix == ".gz":  # no name and no time in the header: the same content gives the same bytes
            stream = stack.enter_context(gzip.GzipFile("", "wb", compresslevel=6, fileobj=stream, mtime=0))
        yield stack.enter_context(io.TextIOWrapper(stream, encoding="utf-8", newline="\n")) if mode == "w" else stream


@contextmanager
def atomic_dir(path: Target) -> Iterator[Path]:
    """Give a temporary folder to fill; it replaces the folder ``path`` on success and is removed on an error.

    Raises:
        DataError: ``path`` is a file, or the folders above it cannot be made.
    """
    target = Path(os.path.realpath(path))
    if target.is_file():
        raise DataError("is a file, where a folder is to be written", path=path)
    _make_parents(target)
    temporary = _sibling(target, "tmp")
    temporary.mkdir()
    try:
        yield temporary
        if target.exists():
            old = _sibling(target, "old")
            target.rename(old)
            try:
                temporary.rename(target)
            except OSError:
                old.rename(target)
                raise
            shutil.rmtree(old)
        else:
            temporary.rename(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
