"""Whether confidences are probabilities."""

from __future__ import annotations

import math
from xml.etree import ElementTree as ET

import pytest

from blasr.errors import MismatchError
from blasr.scoring.calibration import Calibration, calibration_figure, judged_words
from tests.scoring.aligned import utterance


def test_bins_and_the_expected_error() -> None:
    found = Calibration.of([(0.95, True), (0.91, False), (1.0, True), (0.25, False)])
    assert [(part.low, part.high, part.words, part.right) for part in found.bins] == [
        (0.2, 0.3, 1, 0),
        (0.9, 1.0, 3, 2),
    ]
    assert (found.words, found.right) == (4, 2)
    expected = (1 * 0.25 + 3 * abs(2 / 3 - (0.95 + 0.91 + 1.0) / 3)) / 4
    assert found.expected_error == pytest.approx(expected)


def test_normalized_cross_entropy_as_nist_defines_it() -> None:
    words = [(0.9, True), (0.6, True), (0.4, False), (0.7, True)]
    entropy = -(3 * math.log2(0.75) + math.log2(0.25))
    cross = -(math.log2(0.9) + math.log2(0.6) + math.log2(0.6) + math.log2(0.7))
    assert Calibration.of(words).normalized_cross_entropy == pytest.approx((entropy - cross) / entropy)
    share = [(0.75, True)] * 3 + [(0.75, False)]
    assert Calibration.of(share).normalized_cross_entropy == pytest.approx(0)
    assert math.isnan(Calibration.of([(0.5, True)]).normalized_cross_entropy)
    assert Calibration.of([(1.0, True), (1.0, False)]).normalized_cross_entropy < -5


def test_words_are_matched_in_order() -> None:
    utterances = [utterance("a:a b:x c:- -:d")]
    assert judged_words(utterances, {"u1": [0.9, 0.4, 0.2]}) == [(0.9, True), (0.4, False), (0.2, False)]
    with pytest.raises(MismatchError, match="utterance u1: found 2 confidences, expected one for each of the 3 words"):
        judged_words(utterances, {"u1": [0.9, 0.4]})


@pytest.mark.parametrize("words", [[], [(0.2, True), (0.99, True), (0.97, False)]])
def test_the_figure_is_valid_and_has_the_numbers_as_text(words: list[tuple[float, bool]]) -> None:
    figure = ET.fromstring(calibration_figure(Calibration.of(words)))
    svg = next(iter(figure.iter("svg")))
    assert svg.attrib["role"] == "img" and svg.attrib["aria-label"].startswith("Share of right words")
    cells = [cell.text for cell in figure.iter("td")]
    assert cells == ([] if not words else ["0.2 to 0.3", "1", "1", "100.0%", "0.9 to 1.0", "2", "1", "50.0%"])
    assert len(list(svg.iter("circle"))) == (0 if not words else 2)
