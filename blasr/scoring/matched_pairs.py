"""NIST's matched-pairs sentence-segment word error test of whether two systems differ (MAPSSWE of ``sc_stats``)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from blasr.scoring.network_alignment import Verdict

MIN_CORRECT = 2
Verdicts = Sequence[Verdict]


@dataclass(frozen=True, slots=True)
class MatchedPairs:
    """The result of the test.

    Attributes:
        segments: the number of segments, that is, runs of words with an error of either system. At least two words
            that both systems have right separate two segments.
        mean: the mean, over the segments, of the first system's errors minus the second system's errors.
        standard_deviation: the standard deviation of the same differences.
        z: the mean in units of its standard error; above 0 if the second system makes fewer errors.
        p_value: the probability of a difference at least as large, in either direction, between equally good systems.
    """

    segments: int
    mean: float
    standard_deviation: float
    z: float
    p_value: float


def matched_pairs(first: Iterable[Verdicts], second: Iterable[Verdicts]) -> MatchedPairs:
    """Test the alignments of two systems with the same transcripts (Gillick and Cox, ICASSP 1989; ``mtchprs.c``).

    If all differences are equal, ``z`` is 0, as in ``sc_stats``.
    """
    differences = [
        errors - others for pair in zip(first, second, strict=True) for errors, others in error_segments(*pair)
    ]
    count = len(differences)
    mean = sum(differences) / count if count else 0.0
    squares = sum((difference - mean) ** 2 for difference in differences)
    deviation = math.sqrt(squares / (count - 1)) if squares else 0.0
    z = mean / (deviation / math.sqrt(count)) if deviation else 0.0
    return MatchedPairs(count, mean, deviation, z, math.erfc(abs(z) / math.sqrt(2)))


def error_segments(first: Verdicts, second: Verdicts) -> list[tuple[int, int]]:
    """Return the numbers of errors of both systems in each segment of one transcript.

    A segment begins after words that both systems have right, and ends with two such words (``test_comp_sents``).
    """
    segments: list[tuple[int, int]] = []
    places = [0, 0]
    good_ends = [0, 0]
    state, good = "right", 0

    def close() -> None:
        begins = [max(end - (MIN_CORRECT - 1), 0) for end in good_ends]
        ends = [place + 1 for place in places]
        found = (_errors(first[begins[0] : ends[0]]), _errors(second[begins[1] : ends[1]]))
        if any(found):
            segments.append(found)

    while places[0] < len(first) or places[1] < len(second):
        for system, verdicts in enumerate((first, second)):
            while places[system] < len(verdicts) and verdicts[places[system]] is Verdict.INSERTION:
                places[system] += 1
                state = "wrong"
        both_right = all(
            place < len(verdicts) and verdicts[place] is Verdict.CORRECT
            for place, verdicts in zip(places, (first, second), strict=True)
        )
        if state == "right":
            if both_right:
                good_ends = list(places)
            else:
                state = "wrong"
        elif both_right:
            good = good + 1 if state == "recovering" else 1
            state = "recovering"
            if good == MIN_CORRECT:
                close()
                good_ends, state = list(places), "right"
        else:
            state = "wrong"
        places = [min(place + 1, len(verdicts)) for place, verdicts in zip(places, (first, second), strict=True)]
    if state != "right":
        places = [place - 1 for place in places]
        close()
    return segments


def _errors(verdicts: Verdicts) -> int:
    return sum(verdict is not Verdict.CORRECT for verdict in verdicts)
