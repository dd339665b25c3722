"""The options of the search become a DecoderConfig."""

from __future__ import annotations

import pytest

from blasr.cli.parser import CommandParser
from blasr.cli.search_options import SEARCH_OPTIONS, add_search_options
from blasr.decoding.config import DecoderConfig
from blasr.errors import ConfigError


def parse(*words: str) -> DecoderConfig:
    parser = CommandParser()
    add_search_options(parser)
    args = parser.parse_args(words)
    return DecoderConfig(**{name: getattr(args, name) for name in SEARCH_OPTIONS})


def test_options_are_those_of_the_decoder() -> None:
    assert parse() == DecoderConfig()
    given = parse("--beam", "9", "--lattice-beam=4", "--acoustic-scale", "0.2", "--max-active=50", "--min-active=3")
    assert given == DecoderConfig(beam=9.0, lattice_beam=4.0, acoustic_scale=0.2, max_active=50, min_active=3)
    with pytest.raises(ConfigError, match="max_active is 50, min_active 60"):
        parse("--max-active", "50", "--min-active", "60")
