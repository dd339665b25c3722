"""Synthesize Finnish numerals in many voices, as Kaldi data directories with transcripts and nothing else.

All speech is synthetic. The voices of eSpeak NG, their sets and the telephone line are the same as in the demo.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recipes.common.command import run_step
from recipes.demo.synthesize import synthesis_parser, synthesize_sets
from recipes.open_vocabulary.numerals import numeral

WORDS = 3


def sentence(generator: np.random.Generator) -> tuple[str, ...]:
    """Draw three numerals below 1000."""
    return tuple(map(numeral, generator.integers(1000, size=WORDS).tolist()))


def synthesize(out: Path, train: int, dev: int, test: int, seed: int, nj: int) -> None:
    """Write ``out/train``, ``out/dev`` and ``out/test``.

    Raises:
        DependencyError: the synthesizer is not installed.
    """
    synthesize_sets(out, {"train": train, "dev": dev, "test": test}, "fi", sentence, seed=seed, nj=nj)


def main() -> None:
    parser = synthesis_parser("recipes.open_vocabulary.synthesize", __doc__, {"train": 12, "dev": 30, "test": 20})
    run_step(parser, synthesize)


if __name__ == "__main__":
    main()
