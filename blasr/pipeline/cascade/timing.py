"""The time of scoring utterances with the little network, the big one, and the cascade of both, on the same input."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor

from blasr.inference.cascade import CascadeScorer
from blasr.inference.config import ScoringConfig
from blasr.pipeline.cascade.curve import ALWAYS_BIG
from blasr.pipeline.cascade.experiment import CascadeExperiment
from blasr.threads import one_torch_thread


@dataclass(frozen=True)
class PassSeconds:
    """Wall-clock time, and the time of the processor, which does not depend on what else runs on the machine."""

    wall: float = 0.0
    processor: float = 0.0

    def __add__(self, other: PassSeconds) -> PassSeconds:
        return PassSeconds(self.wall + other.wall, self.processor + other.processor)

    @classmethod
    def of(cls, function: Callable[[], object], repetitions: int) -> PassSeconds:
        """Time a function in this thread; of several repetitions the fastest by either clock."""
        passes = []
        for _ in range(repetitions):
            wall, processor = time.perf_counter(), time.thread_time()
            function()
            passes.append((time.perf_counter() - wall, time.thread_time() - processor))
        return cls(min(found[0] for found in passes), min(found[1] for found in passes))


@dataclass(frozen=True)
class NetworkSeconds:
    """Seconds of the log-likelihoods, without features and decoding.

    A cascade that decides by lattices decodes with the little network; its seconds contain that.

    Attributes:
        little, big, cascade: for all inputs.
        inputs: how many utterances or images were timed.
        outputs: their frames, or the images again.
    """

    little: PassSeconds
    big: PassSeconds
    cascade: PassSeconds
    inputs: int
    outputs: int

    @property
    def saved(self) -> float:
        """The share of the big model's wall-clock time that the cascade saves."""
        return 1 - self.cascade.wall / self.big.wall

    @property
    def processor_saved(self) -> float:
        """The same of the processor's time."""
        return 1 - self.cascade.processor / self.big.processor


def time_networks(
    experiment: CascadeExperiment, inputs: Sequence[Tensor], scoring: ScoringConfig, repetitions: int = 3
) -> NetworkSeconds:
    """Time one torch thread on utterances, one after the other.

    The first repetition of an input shape also compiles its kernels, as happens once in a running service; the fastest
    repetition counts.

    Args:
        experiment: the cascade at its threshold.
        inputs: network inputs ``(3, F, T + 48)``.
        scoring: the device.
        repetitions: how often each utterance is computed.
    """
    scorers = [_at(experiment, 0.0, scoring), _at(experiment, ALWAYS_BIG, scoring), experiment.scorer(scoring)]
    totals = [PassSeconds()] * len(scorers)
    with one_torch_thread():
        for item in inputs:
            for index, scorer in enumerate(scorers):
                totals[index] += PassSeconds.of(partial(scorer.posteriors, item), repetitions)
    frames = scorers[0].usage.frames // repetitions
    return NetworkSeconds(totals[0], totals[1], totals[2], len(inputs), frames)


def _at(experiment: CascadeExperiment, threshold: float, scoring: ScoringConfig) -> CascadeScorer:
    return replace(experiment, cascade=replace(experiment.cascade, threshold=threshold)).scorer(scoring)
