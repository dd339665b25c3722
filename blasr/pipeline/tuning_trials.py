"""The trials of a tuning: the errors of one checkpoint at one prior scale, kept on disk so that none is repeated."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from blasr.io.atomic import atomic_open
from blasr.lattices.config import PathWeights
from blasr.lattices.sweep import middle_point
from blasr.scoring import ErrorCounts


@dataclass(frozen=True)
class Trial:
    """The errors of one checkpoint at one prior scale.

    Attributes:
        checkpoint: the name of the weights.
        prior_scale: the weight of the log priors.
        counts: the errors at each LM weight and word insertion penalty.
    """

    checkpoint: str
    prior_scale: float
    counts: Mapping[PathWeights, ErrorCounts]

    @property
    def fewest(self) -> int:
        """The smallest number of errors."""
        return min(counts.errors for counts in self.counts.values())

    def path(self, folder: Path) -> Path:
        """Return the file of the trial."""
        return trial_path(folder, self.checkpoint, self.prior_scale)

    def write(self, folder: Path, inputs: Mapping[str, Any]) -> None:
        """Write the trial, with everything that its errors depend on."""
        results = [asdict(setting) | asdict(counts) for setting, counts in self.counts.items()]
        values = {"checkpoint": self.checkpoint, "prior_scale": self.prior_scale, "inputs": inputs, "results": results}
        with atomic_open(self.path(folder), "w") as file:
            file.write(json.dumps(values, indent=1) + "\n")

    def best(self) -> PathWeights:
        """Return the setting with the fewest errors; among several, the middle one."""
        return best_of([self])[1]


def trial_path(folder: Path, checkpoint: str, prior_scale: float) -> Path:
    """Return the file of a trial."""
    return folder / f"{checkpoint}_prior{prior_scale:g}.json"


def read_trial(
    folder: Path, checkpoint: str, prior_scale: float, inputs: Mapping[str, Any], settings: Sequence[PathWeights]
) -> Trial | None:
    """Return an earlier trial; None if there is none, if its inputs have changed, or if it lacks a setting."""
    path = trial_path(folder, checkpoint, prior_scale)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["inputs"] != json.loads(json.dumps(inputs)) or values["prior_scale"] != prior_scale:
            return None
        found = {}
        for row in values["results"]:
            setting = PathWeights(row.pop("lm_weight"), row.pop("word_insertion_penalty"))
            found[setting] = ErrorCounts(**row)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not found.keys() >= set(settings):
        return None
    return Trial(checkpoint, prior_scale, {setting: found[setting] for setting in settings})


def best_of(trials: Sequence[Trial]) -> tuple[Trial, PathWeights]:
    """Return the trial and the setting with the fewest errors, from the middle of those that are equally good.

    If several checkpoints are equally good, the one with the most equally good settings is taken, and the middle one
    of those that have equally many. Among its settings the one nearest to their middle is taken, over prior scales, LM
    weights and penalties.

    Args:
        trials: all trials, with the checkpoints in their order.
    """
    fewest = min(trial.fewest for trial in trials)
    points: dict[str, list[tuple[float, float, float]]] = {}
    for trial in trials:
        for setting, counts in trial.counts.items():
            if counts.errors == fewest:
                point = (trial.prior_scale, setting.word_insertion_penalty, setting.lm_weight)
                points.setdefault(trial.checkpoint, []).append(point)
    most = max(map(len, points.values()))
    widest = [checkpoint for checkpoint, found in points.items() if len(found) == most]
    checkpoint = widest[(len(widest) - 1) // 2]
    settings = [setting for trial in trials for setting in trial.counts]
    axes = (
        [trial.prior_scale for trial in trials],
        [setting.word_insertion_penalty for setting in settings],
        [setting.lm_weight for setting in settings],
    )
    prior_scale, penalty, lm_weight = points[checkpoint][middle_point(points[checkpoint], axes)]
    chosen = next(trial for trial in trials if (trial.checkpoint, trial.prior_scale) == (checkpoint, prior_scale))
    return chosen, PathWeights(lm_weight, penalty)
