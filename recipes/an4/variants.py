"""What the runs of a variant reach and cost, compared with the runs of resnet22 on the same folds and seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from blasr.models import summarize
from blasr.scoring import (
    AlignedUtterance,
    Improvement,
    improvement,
    matched_pairs,
    speaker_counts,
)
from blasr.tally import Tally
from recipes.an4.runs import Run
from recipes.common.pool import PooledScore, align_set, pool, score_pool

BASELINE: Final = "resnet22"


@dataclass(frozen=True)
class Accuracy:
    """What the runs of a variant reach.

    Attributes:
        score: the score of all runs together; its interval is over speakers.
        by_seed: the word error rate in percent of each seed, pooled over its folds.
        frame_accuracy: over the dev speakers' frames of all runs, from 0 to 1.
        gain: the difference from the baseline's runs on the same folds with the same seeds, by speakers.
        p_values: the matched-pairs test of each seed, likewise on the same folds.
    """

    score: PooledScore
    by_seed: Mapping[int, float]
    frame_accuracy: float
    gain: Improvement | None
    p_values: Mapping[int, float]


@dataclass(frozen=True)
class Cost:
    """What a run of a variant costs, on average.

    Attributes:
        macs: multiply-accumulates of one window of 49 frames.
        train_seconds: the seconds of the optimizer's steps.
        test_seconds: the seconds per hour of speech from audio to log-likelihoods.
        macs_ratio: the baseline's MACs divided by these; not a number without runs of the baseline on the same folds.
        speed_up: the baseline's seconds of inference on the same folds divided by these.
    """

    macs: float
    train_seconds: float
    test_seconds: float
    macs_ratio: float
    speed_up: float

    @property
    def speed_up_share(self) -> float:
        """The speed-up as a share of the MAC ratio."""
        return self.speed_up / self.macs_ratio


class AlignedRuns:
    """The utterances of the runs with their hypotheses, read once.

    Args:
        folder: the folder of the rows.
        runs: all runs.
    """

    def __init__(self, folder: Path, runs: Iterable[Run]) -> None:
        tally = Tally("table3")
        self._utterances = {
            run.run: align_set(folder / run.data, folder / run.run / "test" / "hyp.txt", tally) for run in runs
        }
        tally.check()

    def by_seed(self, runs: Iterable[Run]) -> dict[int, list[AlignedUtterance]]:
        """Return the utterances of each seed, those of its folds together."""
        seeds: dict[int, list[list[AlignedUtterance]]] = {}
        for run in runs:
            seeds.setdefault(run.seed, []).append(self._utterances[run.run])
        return {seed: pool(sets) for seed, sets in sorted(seeds.items())}


def common_runs(runs: Sequence[Run], others: Sequence[Run]) -> tuple[list[Run], list[Run]]:
    """Return the runs of two variants on the same folds with the same seeds, in the same order."""
    first = {(run.fold, run.seed): run for run in runs}
    second = {(run.fold, run.seed): run for run in others}
    keys = sorted(first.keys() & second.keys())
    return [first[key] for key in keys], [second[key] for key in keys]


def accuracy(runs: Sequence[Run], baseline: Sequence[Run], aligned: AlignedRuns) -> Accuracy:
    """Return what the runs of a variant reach, compared with the baseline's."""
    seeds = aligned.by_seed(runs)
    frames = sum(run.dev_frames for run in runs)
    gain, p_values = None, {}
    common = [aligned.by_seed(part) for part in common_runs(baseline, runs)]
    if runs[0].variant != BASELINE and common[0]:
        speakers = [speaker_counts(item for seed in part.values() for item in seed) for part in common]
        gain = improvement(*(list(part.values()) for part in speakers))
        for seed in common[0]:
            first, second = ([item.verdicts for item in part[seed]] for part in common)
            p_values[seed] = matched_pairs(first, second).p_value
    return Accuracy(
        score_pool([item for items in seeds.values() for item in items]),
        {seed: score_pool(items).counts.wer for seed, items in seeds.items()},
        sum(run.frame_accuracy * run.dev_frames for run in runs) / frames,
        gain,
        p_values,
    )


def cost(runs: Sequence[Run], baseline: Sequence[Run]) -> Cost:
    """Return what a run of a variant costs; times are processor times on a CPU and clock times on a GPU."""
    first, second = common_runs(baseline, runs)
    seconds, base_seconds = sum(map(inference_seconds, second)), sum(map(inference_seconds, first))
    macs, base_macs = mean_macs(runs), mean_macs(first)
    return Cost(
        macs,
        sum(map(training_seconds, runs)) / len(runs),
        3600 * sum(map(inference_seconds, runs)) / (0.01 * sum(run.test_frames for run in runs)),
        base_macs / macs if first else float("nan"),
        base_seconds / seconds if first else float("nan"),
    )


def training_seconds(run: Run) -> float:
    """Return the processor time on a CPU, which other programs affect least, and the clock time on a GPU."""
    return run.train_processor_seconds if run.device == "cpu" else run.train_seconds


def inference_seconds(run: Run) -> float:
    """Return the processor time on a CPU, and the clock time on a GPU."""
    return run.test_processor_seconds if run.device == "cpu" else run.test_seconds


def mean_macs(runs: Sequence[Run]) -> float:
    """Return the MACs of one window; the trees of the folds, and so the outputs, differ slightly."""
    if not runs:
        return float("nan")
    return sum(summarize(run.variant, num_pdfs=run.num_pdfs, width=run.width).macs for run in runs) / len(runs)
