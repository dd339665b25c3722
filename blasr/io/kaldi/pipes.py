"""Commands in place of files, for example in ``wav.scp`` (``sph2pipe -f wav a.sph |``), run without a shell.

Commands run only if the user allows it; a warning says once that they run. Commands that only decompress or concatenate
files (``gunzip -c ali.*.gz |``) are not run at all: the files are read instead.
"""

from __future__ import annotations

import logging
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from glob import glob
from pathlib import Path
from typing import IO, Final, cast

from blasr.errors import DataError, DependencyError, FormatError

logger = logging.getLogger(__name__)

_DECOMPRESSORS: Final = (["gunzip", "-c"], ["gzip", "-dc"], ["gzip", "-cd"], ["gzip", "-d", "-c"], ["zcat"], ["cat"])
_COMPRESSORS: Final = (["gzip", "-c"], ["gzip"])
_AUDIO_SUFFIXES: Final = (".wav", ".flac", ".sph", ".mp3", ".ogg", ".opus", ".m4a", ".aiff", ".au", ".wv1", ".wv2")
FILE_FIX: Final = "remove the | at the end: only commands end with it"
"""What to do about a file name that looks like a command."""
_READ_FIX: Final = "write the command's output to a file with your shell and name that file"
_WRITE_FIX: Final = "write to a file instead"


def is_command(name: str) -> bool:
    """Whether a name is a command, to read from (``... |``) or to write to (``| ...``)."""
    return name.rstrip().endswith("|") or name.lstrip().startswith("|")


def refuse_command(name: str, *, fix: str) -> None:
    """Raise :class:`FormatError` if ``name`` is a command."""
    if is_command(name):
        raise FormatError(f"{name!r} is a command, and blasr runs commands only if they are allowed", fix=fix)


def _shell_words(command: str) -> list[str]:
    """Split a command like a shell does; operators become words of their own."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|;&<>()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)


def _needs_shell(word: str) -> bool:
    return set(word) <= set("|;&<>()") or "$" in word or "`" in word


def parse_pipeline(command: str) -> list[list[str]]:
    """Split ``a x | b y |`` into programs and their arguments. Quotes work as in a shell; nothing else does.

    Raises:
        ValueError: the command needs a shell (``;``, ``&``, redirections, substitutions) or is not a pipeline.
    """
    programs: list[list[str]] = [[]]
    for word in _shell_words(command):
        if word == "|":
            programs.append([])
        elif _needs_shell(word):
            raise ValueError(f"found {word!r}, which needs a shell")
        else:
            programs[-1].append(word)
    if len(programs) < 2 or programs.pop() or not all(programs):
        raise ValueError("expected a command, or several with | between them, and | at the end")
    return programs


def decompressed_files(command: str) -> list[str] | None:
    """The files that a command only decompresses or concatenates; None if it does anything else.

    Patterns (``ali.*.gz``) are expanded like a shell does; a pattern without a match stays as it is.
    """
    try:
        programs = parse_pipeline(command)
    except ValueError:
        return None
    for program in _DECOMPRESSORS:
        names = programs[0][len(program) :]
        if len(programs) == 1 and programs[0][: len(program)] == program and names:
            if any(name.startswith("-") for name in names):
                return None
            return [path for name in names for path in sorted(glob(name)) or [name]]  # noqa: PTH207 (absolute ones too)
    return None


def compressed_file(command: str) -> str | None:
    """The file that ``| gzip -c > FILE`` writes; None for any other command."""
    try:
        words = _shell_words(command)
    except ValueError:
        return None
    is_simple = len(words) >= 4 and words[0] == "|" and words[-2] == ">" and words[1:-2] in _COMPRESSORS
    return words[-1] if is_simple and not _needs_shell(words[-1]) else None


@cache
def _warn_once() -> None:
    logger.warning("running commands in place of files, as allowed")


@contextmanager
def open_pipeline(command: str) -> Iterator[IO[bytes]]:
    """Open the output of a pipeline ``a x | b y |``; no shell is started.

    Raises:
        DataError: the command is not a plain pipeline, or one of its programs failed.
        DependencyError: one of its programs is not installed.
    """
    try:
        programs = parse_pipeline(command)
    except ValueError as error:
        raise DataError(f"cannot run {command!r}: {error}", fix=_READ_FIX) from None
    _warn_once()
    with _run_programs(programs, command, subprocess.DEVNULL, subprocess.PIPE, _READ_FIX) as processes:
        with cast(IO[bytes], processes[-1].stdout) as output:
            yield output
        # A program did not fail if its reader stopped early.
        _check_statuses(processes, command, (0, -signal.SIGPIPE), f"run it by hand to see why, then {_READ_FIX}")


def run_pipeline(command: str) -> bytes:
    """The whole output of :func:`open_pipeline`."""
    with open_pipeline(command) as stream:
        return stream.read()


@contextmanager
def open_sink(command: str) -> Iterator[IO[bytes]]:
    """Open the input of a pipeline ``| a x | b y``. Its last program writes to the standard output.

    Raises:
        DataError: the command is not a plain pipeline, or one of its programs failed.
        DependencyError: one of its programs is not installed.
    """
    try:
        programs = parse_pipeline(command.strip().removeprefix("|") + " |")
    except ValueError as error:
        raise DataError(f"cannot run {command!r}: {error}", fix=_WRITE_FIX) from None
    _warn_once()
    with _run_programs(programs, command, subprocess.PIPE, None, _WRITE_FIX) as processes:
        try:
            with cast(IO[bytes], processes[0].stdin) as sink:
                yield sink
        except BrokenPipeError:
            pass  # the status of the program that stopped reading says why
        _check_statuses(processes, command, (0,), _WRITE_FIX)


def is_file_name(program: Sequence[str]) -> bool:
    """Whether a program and its arguments are only the name of a file, which is not a program."""
    path = Path(program[0])
    if len(program) > 1:
        return False
    return (path.is_file() and not os.access(path, os.X_OK)) or path.suffix.lower() in _AUDIO_SUFFIXES


def file_before_pipe(command: str) -> str | None:
    """Return the file of an entry such as ``x.wav |``, which is no command although it ends with ``|``."""
    try:
        programs = parse_pipeline(command)
    except ValueError:
        return None
    return programs[0][0] if len(programs) == 1 and is_file_name(programs[0]) else None


@contextmanager
def _run_programs(
    programs: Sequence[list[str]], command: str, first_input: int, last_output: int | None, fix: str
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start programs that each read the output of the previous one, and wait for all of them at the end.

    Args:
        programs: the programs and their arguments.
        command: the command as the user wrote it, for errors.
        first_input: the standard input of the first program, as :class:`subprocess.Popen` takes it.
        last_output: the standard output of the last program, likewise.
        fix: what to do if a program is not installed.
    """
    with ExitStack() as stack:
        processes: list[subprocess.Popen[bytes]] = []
        for number, program in enumerate(programs):
            source = processes[-1].stdout if processes else first_input
            target = subprocess.PIPE if number < len(programs) - 1 else last_output
            try:
                process = subprocess.Popen(program, stdin=source, stdout=target)
            except OSError as error:
                if is_file_name(program):
                    raise DataError(f"{program[0]!r} is a file, not a program", fix=FILE_FIX) from None
                message = f"cannot run {program[0]!r} of {command!r}: {error.strerror}"
                raise DependencyError(message, fix=f"install {program[0]}, or {fix}") from None
            stack.enter_context(process)
            if processes and processes[-1].stdout is not None:
                processes[-1].stdout.close()  # only then does a program notice that its reader has stopped
            processes.append(process)
        yield processes


def _check_statuses(
    processes: Sequence[subprocess.Popen[bytes]], command: str, accepted: tuple[int, ...], fix: str
) -> None:
    for process in processes:
        if process.wait() not in accepted:
            program = cast(list[str], process.args)[0]
            message = f"{program!r} of {command!r} failed with status {process.returncode}"
            raise DataError(message, fix=fix)
