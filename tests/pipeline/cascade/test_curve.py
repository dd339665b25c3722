"""The choice of a threshold."""

from __future__ import annotations

import numpy as np
import pytest

from blasr.errors import DataError
from blasr.inference.cascade import CascadeUsage
from blasr.pipeline.cascade.curve import ALWAYS_BIG, CascadeCurve, CurvePoint, thresholds_of
from blasr.scoring import ErrorCounts


def point(threshold: float, macs: int, *errors: int) -> CurvePoint:
    counts = tuple(ErrorCounts(100 - number, number) for number in errors)
    return CurvePoint(threshold, CascadeUsage(1000, round(10 * threshold), macs, 400), counts)


CURVE = CascadeCurve(
    "WER",
    (
        point(0.0, 100, 9, 9),
        point(0.5, 200, 6, 5),
        point(0.8, 300, 5, 5),
        point(0.9, 450, 4, 4),
        point(1.01, 400, 5, 5),
    ),
)


@pytest.mark.parametrize(("loss", "threshold"), [(0.0, 0.8), (0.49, 0.8), (0.5, 0.5), (3.9, 0.5), (4.0, 0.0)])
def test_the_cheapest_point_within_the_loss_is_chosen(loss: float, threshold: float) -> None:
    assert CURVE.choose(loss).threshold == threshold


def test_a_cascade_that_saves_nothing_is_the_big_model() -> None:
    curve = CascadeCurve("WER", (point(0.0, 100, 9), point(0.9, 450, 5), point(1.01, 400, 5)))
    assert curve.choose(0.0) is curve.big


def test_the_loss_has_an_interval() -> None:
    loss = CURVE.little.loss(CURVE.big)
    assert loss.difference == pytest.approx(4.0)
    assert loss.interval.low == loss.interval.high == pytest.approx(4.0)  # both utterances lose as much
    assert CURVE.big.macs_share == 1 and CURVE.little.macs_share == 0.25


def test_equal_models_leave_nothing_to_choose() -> None:
    CURVE.check_differences("utterances")
    with pytest.raises(DataError, match="the same WER on each of 2 utterances"):
        CascadeCurve("WER", (point(0.0, 100, 3, 4), point(1.01, 400, 3, 4))).check_differences("utterances")


def test_thresholds_lie_between_confidences() -> None:
    confidences = np.random.default_rng(0).random(1000)
    found = thresholds_of(confidences, 9)
    assert found[0] == 0 and found[-1] == ALWAYS_BIG and len(found) == 11
    assert not set(found) & set(confidences.tolist())
    passed_on = [float(np.mean(confidences < threshold)) for threshold in found]
    np.testing.assert_allclose(passed_on, np.linspace(0, 1, 11), atol=0.002)
    assert thresholds_of(np.array([0.3, 0.3]), 5) == [0.0, ALWAYS_BIG]
    assert thresholds_of(np.array([1.0, 0.2]), 5) == [0.0, 0.6, ALWAYS_BIG]
