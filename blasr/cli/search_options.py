"""The options of the search that ``decode`` and ``bundle`` share."""

from __future__ import annotations

import argparse

from blasr.cli.options import add_option
from blasr.decoding.config import DecoderConfig


def add_search_options(parser: argparse.ArgumentParser) -> None:
    """Add the beams, the acoustic scale and the limits of active states."""
    defaults = DecoderConfig()
    add_option(parser, "--beam", default=defaults.beam)
    add_option(parser, "--lattice-beam", default=defaults.lattice_beam)
    add_option(parser, "--acoustic-scale", default=defaults.acoustic_scale)
    add_option(parser, "--max-active", default=defaults.max_active)
    add_option(parser, "--min-active", default=defaults.min_active)


def decoder_config(args: argparse.Namespace) -> DecoderConfig:
    """Return the configuration of the search.

    Raises:
        ConfigError: numbers that exclude each other.
    """
    return DecoderConfig(
        beam=args.beam,
        lattice_beam=args.lattice_beam,
        acoustic_scale=args.acoustic_scale,
        max_active=args.max_active,
        min_active=args.min_active,
    )
