"""The commands that an entry of ``wav.scp`` may hold (``sph2pipe -f wav a.sph |``), run without a shell."""

from __future__ import annotations

import shlex
import signal
import subprocess
from contextlib import ExitStack

from blasr.errors import DataError, DependencyError


def parse_pipeline(command: str) -> list[list[str]]:
    """The programs of ``a x | b y |``, each with its arguments; quotes as in a shell, nothing else of one.

    Raises:
        ValueError: it needs a shell (``;``, ``&``, redirections, substitutions) or is no pipeline.
    """
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|;&<>()")
    lexer.whitespace_split = True
    lexer.commenters = ""
    programs: list[list[str]] = [[]]
    for token in lexer:
        if token == "|":
            programs.append([])
        elif set(token) <= set("|;&<>()") or "$" in token or "`" in token:
            raise ValueError(f"found {token!r}, which needs a shell")
        else:
            programs[-1].append(token)
    if len(programs) < 2 or programs.pop() or not all(programs):
        raise ValueError("expected a command, or several with | between them, and | at the end")
    return programs


def run_pipeline(command: str) -> bytes:
    """What the commands of one ``wav.scp`` entry write, each one's output into the next; no shell is started.

    Raises:
        DataError: the entry is no plain pipeline, or one of its programs failed.
        DependencyError: one of its programs is not installed.
    """
    fix = "write the audio to a file with your shell and name that in wav.scp"
    try:
        programs = parse_pipeline(command)
    except ValueError as error:
        raise DataError(f"cannot run {command!r}: {error}", fix=fix) from None
    with ExitStack() as stack:
        processes: list[subprocess.Popen[bytes]] = []
        for program in programs:
            source = processes[-1].stdout if processes else subprocess.DEVNULL
            try:
                process = subprocess.Popen(program, stdin=source, stdout=subprocess.PIPE)
            except OSError as error:
                message = f"cannot run {program[0]!r} of {command!r}: {error.strerror}"
                raise DependencyError(message, fix=f"install {program[0]}, or {fix}") from None
            stack.enter_context(process)
            if processes and processes[-1].stdout is not None:
                processes[-1].stdout.close()  # so that a program whose reader has left hears of it
            processes.append(process)
        output, _ = processes[-1].communicate()
        for program, process in zip(programs, processes, strict=True):
            if process.wait() not in (0, -signal.SIGPIPE):  # one whose reader had enough did not fail
                message = f"{program[0]!r} of {command!r} failed with status {process.returncode}"
                raise DataError(message, fix="run the command by hand to see why, then " + fix)
    return output
