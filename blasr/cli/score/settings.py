"""The options of ``blasr score`` that choose an LM weight and a word insertion penalty."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from itertools import product
from pathlib import Path

from blasr.cli.options import add_option
from blasr.lattices.config import PathWeights


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the settings to try, and the options that freeze one of them."""
    add_option(parser, "--lm-weights")
    add_option(parser, "--word-ins-penalties")
    frozen = parser.add_mutually_exclusive_group()
    frozen.add_argument(
        "--freeze", type=Path, metavar="FILE", help="write the best LM weight and penalty, for the scores of other sets"
    )
    add_option(frozen, "--setting")


def setting_grid(lm_weights: Iterable[float], penalties: Iterable[float]) -> list[PathWeights]:
    """Return every pair of an LM weight and a penalty."""
    return [PathWeights(*pair) for pair in product(lm_weights, penalties)]


def print_choice(
    best: tuple[PathWeights, float], frozen: tuple[PathWeights, float] | None, frozen_path: Path | None
) -> None:
    """Print the best setting and its WER; if a setting was frozen on another set, first that one and its WER."""
    if frozen is None:
        print(f"best: {best[0]}: WER {best[1]:.2f} (tuned on this very set)")
    else:
        print(f"frozen: {frozen[0]}, from {frozen_path}: WER {frozen[1]:.2f}")
        print(f"oracle: {best[0]}, the best on this very set: WER {best[1]:.2f}")
