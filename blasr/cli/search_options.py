"""The options of the search that ``decode`` and ``bundle`` share."""

from __future__ import annotations

import argparse

from blasr.cli.options import add_option
from blasr.decoding.config import DecoderConfig

SEARCH_OPTIONS = ("beam", "lattice_beam", "acoustic_scale", "max_active", "min_active")
"""The fields of a :class:`blasr.decoding.config.DecoderConfig` that are options."""


def add_search_options(parser: argparse.ArgumentParser) -> None:
    """Add the beams, the acoustic scale and the limits of active states."""
    defaults = DecoderConfig()
    for name in SEARCH_OPTIONS:
        add_option(parser, f"--{name.replace('_', '-')}", default=getattr(defaults, name))
