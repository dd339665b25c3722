"""Synthesize Finnish numerals in many voices, as Kaldi data directories with transcripts and nothing else.

Nobody speaks here: the voices are eSpeak NG's, in those sets and over that telephone line that the demo has too.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from recipes.demo.synthesize import run_synthesis, synthesize_sets
from recipes.open_vocabulary.numerals import numeral

WORDS = 3


def sentence(generator: np.random.Generator) -> tuple[str, ...]:
    """Three numerals below 1000."""
    return tuple(map(numeral, generator.integers(1000, size=WORDS).tolist()))


def synthesize(out: Path, per_voice: Mapping[str, int], seed: int, jobs: int) -> None:
    """Write ``out/train``, ``out/dev`` and ``out/test``.

    Raises:
        DependencyError: the synthesizer is not installed.
    """
    synthesize_sets(out, per_voice, seed, jobs, "fi", sentence)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="recipes.open_vocabulary.synthesize", description=(__doc__ or "").splitlines()[0]
    )
    run_synthesis(parser, {"train": 12, "dev": 30, "test": 20}, synthesize)


if __name__ == "__main__":
    main()
