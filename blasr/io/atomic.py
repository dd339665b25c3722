"""Outputs that are complete or absent: they are written under a temporary name and renamed when complete."""

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

OutputPath = str | os.PathLike[str]


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
        yield target
        return
    _create_parents(target)
    temporary = _hidden_sibling(target, "tmp")
    try:
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
        try:
            stream: Any = stack.enter_context(temporary.open("wb"))
        except OSError as error:
            raise DataError(f"cannot be written: {error.strerror}", path=path) from None
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
    temporary.mkdir()
    try:
        yield temporary
        if target.exists():
            old = _hidden_sibling(target, "old")
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
