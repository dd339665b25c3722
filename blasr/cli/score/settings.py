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
    best: tuple[PathWeights, float],
    frozen: tuple[PathWeights, float] | None,
    frozen_path: Path | None,
    tried: Iterable[PathWeights] = (),
) -> None:
    """Print the best setting and its WER; if a setting was frozen on another set, first that one and its WER.

    If a value of the best setting is the smallest or largest of those ``tried``, that is printed too.
    """
    if frozen is None:
        print(f"best: {best[0]}: WER {best[1]:.2f} (tuned on this set)")
    else:
        print(f"frozen: {frozen[0]}, from {frozen_path}: WER {frozen[1]:.2f}")
        print(f"oracle: {best[0]}, the best on this set: WER {best[1]:.2f}")
    for note in edge_notes(best[0], tried):
        print(note)


def edge_notes(best: PathWeights, tried: Iterable[PathWeights]) -> list[str]:
    """Return one sentence for each value of the best setting on the edge of a sweep over several values."""
    settings, notes = list(tried), []
    for name, option, value, values in (
        ("LM weight", "--lm-weights", best.lm_weight, {setting.lm_weight for setting in settings}),
        (
            "word insertion penalty",
            "--word-ins-penalties",
            best.word_insertion_penalty,
            {setting.word_insertion_penalty for setting in settings},
        ),
    ):
        if len(values) > 1 and value in (min(values), max(values)):
            which, other = ("largest", "larger") if value == max(values) else ("smallest", "smaller")
            notes.append(f"the best {name}, {value:g}, is the {which} that was tried: try {other} ones with {option}")
    return notes
