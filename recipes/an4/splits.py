"""Which speakers of AN4 train, tune and test: the official split, or a fold of a cross-validation over all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from blasr.errors import ConfigError
from recipes.an4.corpus import Recording


@dataclass(frozen=True)
class Split:
    """The speakers of the three sets; no speaker is in two of them."""

    train: frozenset[str]
    dev: frozenset[str]
    test: frozenset[str]


def official_split(recordings: Iterable[Recording], dev_speakers: int, seed: int) -> Split:
    """Return CMU's split, with ``dev_speakers`` of the training speakers held out to tune on.

    Raises:
        ConfigError: there are not more training speakers than that.
    """
    sets: dict[str, set[str]] = {"train": set(), "test": set()}
    for recording in recordings:
        sets[recording.official_set].add(recording.speaker)
    train, dev = _hold_out(sets["train"], dev_speakers, seed)
    return Split(train, dev, frozenset(sets["test"]))


def fold_split(recordings: Iterable[Recording], fold: int, folds: int, dev_speakers: int, seed: int) -> Split:
    """Return the split of ``fold``, from 0: its share of all speakers, women and men alike, is the test set.

    Every speaker is in the test set of exactly one fold. Who is in which fold depends on ``seed`` and ``folds`` only.

    Raises:
        ConfigError: there is no such fold, or there are too few speakers.
    """
    if not 0 <= fold < folds:
        raise ConfigError(f"--fold is {fold}, expected 0 to {folds - 1} with --folds {folds}")
    speakers = {recording.speaker for recording in recordings}
    test = frozenset(_shuffled_by_sex(speakers, seed)[fold::folds])
    train, dev = _hold_out(speakers - test, dev_speakers, seed)
    return Split(train, dev, test)


def _hold_out(speakers: set[str], number: int, seed: int) -> tuple[frozenset[str], frozenset[str]]:
    """Split off ``number`` speakers, women and men in the proportion of all."""
    if not 0 < number < len(speakers):
        message = f"--dev-speakers is {number}, expected 1 to {len(speakers) - 1}: the training set has "
        raise ConfigError(f"{message}{len(speakers)} speakers")
    ordered = _shuffled_by_sex(speakers, seed)
    positions = np.linspace(0, len(ordered), number, endpoint=False).astype(int)
    dev = frozenset(ordered[position] for position in positions)
    return frozenset(speakers) - dev, dev


def _shuffled_by_sex(speakers: Iterable[str], seed: int) -> list[str]:
    """Return the women in random order, then the men; the first letter of a speaker is f or m."""
    generator = np.random.default_rng(seed)
    shuffled = [str(name) for name in generator.permutation(sorted(speakers))]
    return sorted(shuffled, key=lambda name: name[0])  # stable: keeps the random order within a sex
