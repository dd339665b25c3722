"""Command lines of the recipes' Python steps. A user's mistake becomes one message, as in ``blasr``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from blasr.cli.parser import CommandParser
from blasr.errors import BlasrError


def step_parser(name: str, doc: str | None) -> argparse.ArgumentParser:
    """Return a parser for the module ``name``; its help has the first line of the module's docstring."""
    return CommandParser(prog=name, description=(doc or "").partition("\n")[0])


def run_step(parser: argparse.ArgumentParser, run: Callable[..., None]) -> None:
    """Parse the command line and call ``run`` with the arguments as keywords.

    A :class:`BlasrError` is printed in one line, and the process exits with the error's status.
    """
    args = parser.parse_args(sys.argv[1:])
    try:
        run(**vars(args))
    except BlasrError as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
