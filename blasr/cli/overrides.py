"""The option that changes keys of a configuration."""

from __future__ import annotations

import argparse


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Add ``--set``; what it was given, ``SECTION.KEY=VALUE`` each, is in ``overrides``."""
    parser.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="SECTION.KEY=VALUE",
        help="override one key of the configuration; may be given many times",
    )
