"""A check before a command starts: no output may overwrite, replace or lie inside one of the inputs."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blasr.errors import ConfigError

ALL: Final = ("*",)
"""The pattern of a folder that is replaced as a whole."""


@dataclass(frozen=True)
class Input:
    """A file or folder that a command reads.

    Attributes:
        name: the option, for the message.
        path: the file or folder.
        shared: the patterns of the input files of a folder in which other commands write too, such as a model's
            folder. None if the folder belongs to the input alone, such as a data directory.
    """

    name: str
    path: Path
    shared: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Output:
    """A file or folder that a command writes.

    Attributes:
        name: the option, for the message.
        path: the file or folder.
        writes: the patterns of the files that the command writes or removes in the folder; None if ``path`` is a file.
        joins: whether the folder may be, or contain, the shared folders that are read.
    """

    name: str
    path: Path
    writes: tuple[str, ...] | None = None
    joins: bool = False


def check_inputs_survive(outputs: Iterable[Output], inputs: Sequence[Input]) -> None:
    """Compare every output with every input and with the other outputs, after resolving links.

    Two paths are the same if the file system says so, so that other spellings and mounts do not hide an input.

    Raises:
        ConfigError: an output is, contains or lies inside an input, would overwrite a file of one, or is written twice.
    """
    before: list[Output] = []
    for output in outputs:
        if _is_special(output.path):
            continue
        for source in inputs:
            if _is_special(source.path) or not source.path.exists():
                continue
            reason = _conflict(output, source)
            if reason is not None:
                raise ConfigError(
                    f"{output.name} {output.path} {reason} {source.name} {source.path}, which must not be overwritten",
                    fix=f"name another place with {output.name}",
                )
        for other in before:
            if output.writes is None and other.writes is None and _same(output.path, other.path):
                message = f"{output.name} and {other.name} are both {output.path}"
                raise ConfigError(message, fix="name a file for each")
        before.append(output)


def _is_special(path: Path) -> bool:
    """Whether ``path`` is the standard output, ``/dev/null`` or a pipe, which nothing can destroy."""
    return str(path) == "-" or (path.exists() and not path.is_file() and not path.is_dir())


def _conflict(output: Output, source: Input) -> str | None:
    """How an output would harm an input, as the words between the two; None if it does not."""
    joins = output.joins and source.shared is not None and source.path.is_dir()
    if _same(output.path, source.path) and not joins:
        return "is the same as"
    if not source.path.is_dir():
        return "would overwrite" if _overwrites(output, [source.path]) else None
    if source.shared is None and _lies_in(output.path, source.path):
        return "lies inside"
    if output.writes is not None and _lies_in(source.path, output.path) and not joins:
        return "contains"
    if source.shared is None:
        has_link = any(_lies_in(path, source.path) for path in _existing(output))
        return "has a link into" if has_link else None
    return "would overwrite a file of" if _overwrites(output, _matching(source.path, source.shared)) else None


def _overwrites(output: Output, files: Iterable[Path]) -> bool:
    """Whether one of the input's files would be overwritten, under its own name or through a link."""
    existing = [*_existing(output)]
    folder = os.path.realpath(output.path)
    for file in files:
        if any(_same(path, file) for path in existing):
            return True
        inside = os.path.relpath(os.path.realpath(file), folder)
        if not inside.startswith("..") and any(fnmatch.fnmatch(inside, pattern) for pattern in output.writes or ()):
            return True
    return False


def _existing(output: Output) -> Iterator[Path]:
    """The files that exist and would be written, without the links to them."""
    if output.writes is None:
        yield Path(os.path.realpath(output.path))
    elif output.writes != ALL:  # a folder that is replaced as a whole loses its links
        yield from (Path(os.path.realpath(path)) for path in _matching(output.path, output.writes))


def _matching(folder: Path, patterns: Iterable[str]) -> Iterator[Path]:
    """The files directly in a folder or one folder below it that match a pattern."""
    for pattern in patterns:
        for path in folder.glob(pattern):
            if path.is_dir():
                yield from (below for below in path.iterdir() if not below.is_dir())
            else:
                yield path


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def _lies_in(path: Path, folder: Path) -> bool:
    """Whether ``folder`` is above ``path``, which need not exist."""
    return any(_same(parent, folder) for parent in Path(os.path.realpath(path)).parents)
