"""A cascade at many thresholds over a data directory: both models compute each utterance once for all of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from blasr.data.data_dir import DataDir, Utterance
from blasr.errors import UTTERANCE_ERRORS, BlasrError, DataError
from blasr.inference.cascade import CascadeScorer, CascadeUsage
from blasr.pipeline.cascade.curve import CascadeCurve, CurvePoint, thresholds_of
from blasr.pipeline.cascade.measures import CascadeMeasure
from blasr.progress import track
from blasr.tally import Tally
from blasr.threads import one_torch_thread, ordered_map
from blasr.units import CONTEXT_FRAMES, AnyArray

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class CascadeSweep:
    """A cascade, the utterances, and what their errors are.

    Attributes:
        scorer: the cascade; its own threshold does not matter here.
        data_dir: the utterances.
        network_input: returns the input ``(3, F, T + 48)`` of an utterance.
        workers: number of threads; each works on one utterance at a time.
        max_loss: the largest share of utterances that may be without a result.
    """

    scorer: CascadeScorer
    data_dir: DataDir
    network_input: Callable[[Utterance], Tensor]
    workers: int = 1
    max_loss: float = 0.05

    @classmethod
    def over(cls, scorer: CascadeScorer, data_dir: DataDir, workers: int, max_loss: float) -> CascadeSweep:
        """Return a sweep over a data directory, whose speaker statistics are read or collected."""
        return cls(scorer, data_dir, scorer.extractor(data_dir).network_input, workers, max_loss)

    def confidences(self) -> AnyArray:
        """Return the confidences of all parts of all utterances, in no order that matters."""

        def measure(utterance: Utterance) -> AnyArray | BlasrError:
            try:
                rows = self.scorer.little_log_posteriors(self.network_input(utterance))
                return self.scorer.confidences(rows)[1]
            except UTTERANCE_ERRORS as error:
                return error

        found = [item for item in self._map(measure, "confidences") if not isinstance(item, BlasrError)]
        if not found:
            raise DataError("no utterance can be scored", path=self.data_dir.path, fix="check it with blasr data check")
        return np.concatenate(found)

    def curve(self, measure: CascadeMeasure, thresholds: Sequence[float]) -> CascadeCurve:
        """Return the cascade at every threshold.

        Raises:
            DataError: too many utterances have no result.
        """

        def compute(utterance: Utterance) -> list[tuple[CascadeUsage, Any]] | BlasrError:
            try:
                return self._outcomes(utterance, measure, thresholds)
            except UTTERANCE_ERRORS as error:
                return error

        started = time.monotonic()
        tally = Tally("cascade", self.max_loss)
        usages = [CascadeUsage() for _ in thresholds]
        outcomes: list[dict[str, Any]] = [{} for _ in thresholds]
        results = self._map(compute, "thresholds")
        for utterance, result in zip(self.data_dir.utterances, results, strict=True):
            if isinstance(result, BlasrError):
                tally.drop_error(utterance.id, result)
                continue
            tally.keep()
            for index, (usage, outcome) in enumerate(result):
                usages[index] += usage
                outcomes[index][utterance.id] = outcome
        tally.check()
        seconds = time.monotonic() - started
        logger.info("%s, at %d thresholds in %.1f s", tally.summary(), len(thresholds), seconds)
        points = zip(thresholds, usages, (tuple(measure.counts(found)) for found in outcomes), strict=True)
        return CascadeCurve(measure.name, tuple(CurvePoint(*point) for point in points))

    def full_curve(self, measure: CascadeMeasure, count: int) -> CascadeCurve:
        """Return the cascade at ``count`` thresholds between the extremes, and at the extremes."""
        return self.curve(measure, self.thresholds(count))

    def thresholds(self, count: int) -> list[float]:
        """Return ``count`` thresholds that pass on equal steps of all parts, and the two extremes."""
        return thresholds_of(self.confidences(), count)

    def readable_inputs(self, utterances: Sequence[Utterance]) -> list[Tensor]:
        """Return the network inputs of utterances; those that cannot be read are left out, as :meth:`curve` reports."""
        found = []
        for utterance in utterances:
            with suppress(*UTTERANCE_ERRORS):
                found.append(self.network_input(utterance))
        return found

    def _map(self, function: Callable[[Utterance], Any], description: str) -> list[Any]:
        with one_torch_thread():
            results = ordered_map(function, self.data_dir.utterances, self.workers)
            return list(track(results, description, len(self.data_dir.utterances)))

    def _outcomes(
        self, utterance: Utterance, measure: CascadeMeasure, thresholds: Sequence[float]
    ) -> list[tuple[CascadeUsage, Any]]:
        """Return cost and outcome at every threshold; thresholds that pass on the same frames share an outcome."""
        scorer = self.scorer
        inputs = self.network_input(utterance)
        num_frames = inputs.shape[2] - 2 * CONTEXT_FRAMES
        little, big = scorer.little_log_posteriors(inputs), scorer.big_log_posteriors(inputs)
        bounds, confidences = scorer.confidences(little)
        known: dict[tuple[tuple[int, int], ...], Any] = {}
        found = []
        for threshold in thresholds:
            whole = [(0, num_frames)]
            spans = whole if threshold > 1 else scorer.spans_passed_on(bounds, confidences, threshold)
            key = tuple(spans)
            if key not in known:
                known[key] = measure.outcome(utterance.id, scorer.mixed(little, big, spans), big)
            usage = scorer.usage_of(num_frames, [] if threshold > 1 else whole, spans)
            found.append((usage, known[key]))
        return found
