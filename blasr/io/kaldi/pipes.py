"""Commands in place of files, such as an entry of ``wav.scp`` (``sph2pipe -f wav a.sph |``), run without a shell.

A command runs only where its user allowed commands; that they run is said once. The commands that only decompress or
join files (``gunzip -c ali.*.gz |``) are not run at all: the files are read.
"""

from __future__ import annotations

import logging
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from glob import glob
from typing import IO, Final

from blasr.errors import DataError, DependencyError, FormatError

_LOG: Final = logging.getLogger(__name__)
_READERS: Final = (["gunzip", "-c"], ["gzip", "-dc"], ["gzip", "-cd"], ["gzip", "-d", "-c"], ["zcat"], ["cat"])
_PACKERS: Final = (["gzip", "-c"], ["gzip"])
_FIX: Final = "write what it gives to a file with your shell and name that file"


def is_command(name: str) -> bool:
    """Whether a name is a command's, whose output is read (``... |``) or that is written to (``| ...``)."""
    return name.rstrip().endswith("|") or name.lstrip().startswith("|")


def refuse_command(name: str, *, fix: str) -> None:
    """Raise :class:`FormatError` if ``name`` is a command's."""
    if is_command(name):
        raise FormatError(f"{name!r} is a command, which blasr runs only where it is allowed to", fix=fix)


def _words(command: str) -> list[str]:
    """The words of a command as a shell splits them, with the operators among them as words of their own."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|;&<>()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)


def _needs_shell(word: str) -> bool:
    return set(word) <= set("|;&<>()") or "$" in word or "`" in word


def parse_pipeline(command: str) -> list[list[str]]:
    """The programs of ``a x | b y |``, each with its arguments; quotes as in a shell, nothing else of one.

    Raises:
        ValueError: it needs a shell (``;``, ``&``, redirections, substitutions) or is no pipeline.
    """
    programs: list[list[str]] = [[]]
    for word in _words(command):
        if word == "|":
            programs.append([])
        elif _needs_shell(word):
            raise ValueError(f"found {word!r}, which needs a shell")
        else:
            programs[-1].append(word)
    if len(programs) < 2 or programs.pop() or not all(programs):
        raise ValueError("expected a command, or several with | between them, and | at the end")
    return programs


def files_of(command: str) -> list[str] | None:
    """The files whose content a command gives, decompressed where gzipped; None if it does anything else.

    Patterns (``ali.*.gz``) are matched as a shell does; one that matches nothing stays as it is.
    """
    try:
        programs = parse_pipeline(command)
    except ValueError:
        return None
    for reader in _READERS:
        names = programs[0][len(reader) :]
        if len(programs) == 1 and programs[0][: len(reader)] == reader and names:
            if any(name.startswith("-") for name in names):
                return None
            return [path for name in names for path in sorted(glob(name)) or [name]]  # noqa: PTH207 (absolute ones too)
    return None


def packed_file_of(command: str) -> str | None:
    """The file that ``| gzip -c > FILE`` writes; None for any other command."""
    try:
        words = _words(command)
    except ValueError:
        return None
    simple = len(words) >= 4 and words[0] == "|" and words[-2] == ">" and words[1:-2] in _PACKERS
    return words[-1] if simple and not _needs_shell(words[-1]) else None


@cache
def _say_once() -> None:
    _LOG.warning("commands that stand in place of files are run, as allowed")


@contextmanager
def open_pipeline(command: str) -> Iterator[IO[bytes]]:
    """What the commands of one entry write, each one's output into the next; no shell is started.

    Raises:
        DataError: the entry is no plain pipeline, or one of its programs failed.
        DependencyError: one of its programs is not installed.
    """
    try:
        programs = parse_pipeline(command)
    except ValueError as error:
        raise DataError(f"cannot run {command!r}: {error}", fix=_FIX) from None
    _say_once()
    with ExitStack() as stack:
        processes: list[subprocess.Popen[bytes]] = []
        for program in programs:
            source = processes[-1].stdout if processes else subprocess.DEVNULL
            try:
                process = subprocess.Popen(program, stdin=source, stdout=subprocess.PIPE)
            except OSError as error:
                message = f"cannot run {program[0]!r} of {command!r}: {error.strerror}"
                raise DependencyError(message, fix=f"install {program[0]}, or {_FIX}") from None
            stack.enter_context(process)
            if processes and processes[-1].stdout is not None:
                processes[-1].stdout.close()  # so that a program whose reader has left hears of it
            processes.append(process)
        output = processes[-1].stdout
        assert output is not None
        yield output
        output.close()
        for program, process in zip(programs, processes, strict=True):
            if process.wait() not in (0, -signal.SIGPIPE):  # one whose reader had enough did not fail
                message = f"{program[0]!r} of {command!r} failed with status {process.returncode}"
                raise DataError(message, fix="run the command by hand to see why, then " + _FIX)


def run_pipeline(command: str) -> bytes:
    """All that :func:`open_pipeline` gives."""
    with open_pipeline(command) as stream:
        return stream.read()


@contextmanager
def open_sink(command: str) -> Iterator[IO[bytes]]:
    """A stream into the commands of ``| a x | b y``, whose last one writes to the standard output.

    Raises:
        DataError: it is no plain pipeline, or one of its programs failed.
        DependencyError: one of its programs is not installed.
    """
    try:
        programs = parse_pipeline(command.strip().removeprefix("|") + " |")
    except ValueError as error:
        raise DataError(f"cannot run {command!r}: {error}", fix="write to a file instead") from None
    _say_once()
    with ExitStack() as stack:
        processes: list[subprocess.Popen[bytes]] = []
        for number, program in enumerate(programs):
            source = processes[-1].stdout if processes else subprocess.PIPE
            target = subprocess.PIPE if number < len(programs) - 1 else None
            try:
                process = subprocess.Popen(program, stdin=source, stdout=target)
            except OSError as error:
                message = f"cannot run {program[0]!r} of {command!r}: {error.strerror}"
                raise DependencyError(message, fix=f"install {program[0]}, or write to a file instead") from None
            stack.enter_context(process)
            if processes and processes[-1].stdout is not None:
                processes[-1].stdout.close()
            processes.append(process)
        sink = processes[0].stdin
        assert sink is not None
        try:
            yield sink
            sink.close()
        except BrokenPipeError:
            pass  # its status tells why
        for program, process in zip(programs, processes, strict=True):
            if process.wait() != 0:
                raise DataError(f"{program[0]!r} of {command!r} failed with status {process.returncode}")
