"""Command lines of the recipes' Python steps. A user's mistake becomes one message, as in ``blasr``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from blasr.cli.main import run_program
from blasr.cli.parser import CommandParser


def step_parser(name: str, doc: str | None) -> argparse.ArgumentParser:
    """Return a parser for the module ``name``; its help has the first line of the module's docstring."""
    return CommandParser(prog=name, description=(doc or "").partition("\n")[0])


def run_step(parser: argparse.ArgumentParser, run: Callable[..., None]) -> None:
    """Parse the command line and call ``run`` with the arguments as keywords.

    A step ends as ``blasr`` does: a user's mistake, Ctrl-C, or a full disk becomes one message and an exit status; a
    reader of the output that has exited, such as ``head``, an exit status alone.
    """
    if status := run_program(parser.prog, lambda: run(**vars(parser.parse_args(sys.argv[1:])))):
        sys.exit(status)
