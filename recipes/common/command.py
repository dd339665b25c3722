"""Runs a recipe's Python step the way ``blasr`` runs a subcommand: a user's mistake becomes one message."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from blasr.errors import BlasrError


def run_command(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], None]) -> None:
    """Parse the command line, call ``run``, and exit with the error's own status where there is one."""
    args = parser.parse_args()
    try:
        run(args)
    except BlasrError as error:
        print(f"{parser.prog}: error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
