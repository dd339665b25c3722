"""Whether confidences are probabilities: how many of the words with a confidence near 0.8 are right."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from blasr.errors import MismatchError
from blasr.pictures import BLUE, FRAME, GRAY, GRID, INK
from blasr.scoring.aligned_utterance import AlignedUtterance

NUM_BINS: Final = 10
_LEAST: Final = 1e-6  # so that one wrong word with the confidence 1 does not cost infinitely many bits
SIZE, LEFT, TOP, BOTTOM = 300.0, 52.0, 14.0, 46.0  # pixels


@dataclass(frozen=True)
class CalibrationBin:
    """The words with confidences in one interval.

    Attributes:
        low, high: the interval.
        words: how many there are.
        right: how many of them are right.
        mean_confidence: the mean of their confidences.
    """

    low: float
    high: float
    words: int
    right: int
    mean_confidence: float

    @property
    def share_right(self) -> float:
        """The share of right words."""
        return self.right / self.words


@dataclass(frozen=True)
class Calibration:
    """Confidences against reality.

    Attributes:
        bins: the intervals that have words.
        words: all words with a confidence.
        right: how many of them are right.
        expected_error: the mean distance of confidence and share of right words over the bins, weighted by words.
        normalized_cross_entropy: NIST's measure: 1 for perfect confidences, 0 if they are no better than the share of
            right words, negative if worse. NaN if all words are right, or all wrong.
    """

    bins: tuple[CalibrationBin, ...]
    words: int
    right: int
    expected_error: float
    normalized_cross_entropy: float

    @classmethod
    def of(cls, words: Sequence[tuple[float, bool]]) -> Calibration:
        """Return the calibration of words, each with its confidence from 0 to 1 and whether it is right."""
        groups: dict[int, list[tuple[float, bool]]] = {}
        for confidence, right in words:
            groups.setdefault(min(int(confidence * NUM_BINS), NUM_BINS - 1), []).append((confidence, right))
        bins = tuple(
            CalibrationBin(
                number / NUM_BINS,
                (number + 1) / NUM_BINS,
                len(group),
                sum(right for _, right in group),
                sum(confidence for confidence, _ in group) / len(group),
            )
            for number, group in sorted(groups.items())
        )
        distance = sum(part.words * abs(part.share_right - part.mean_confidence) for part in bins)
        num_right = sum(part.right for part in bins)
        return cls(bins, len(words), num_right, distance / max(len(words), 1), _normalized_cross_entropy(words))

    def __str__(self) -> str:
        return (
            f"the confidences of {self.words} words are {100 * self.expected_error:.1f}% off on average "
            f"(normalized cross entropy {self.normalized_cross_entropy:.3f})"
        )


def _normalized_cross_entropy(words: Sequence[tuple[float, bool]]) -> float:
    share = sum(right for _, right in words) / max(len(words), 1)
    if share in (0.0, 1.0):
        return math.nan
    entropy = -len(words) * (share * math.log2(share) + (1 - share) * math.log2(1 - share))
    cross = -sum(math.log2(max(value if right else 1 - value, _LEAST)) for value, right in words)
    return (entropy - cross) / entropy


def judged_words(
    utterances: Iterable[AlignedUtterance], confidences: Mapping[str, Sequence[float]]
) -> list[tuple[float, bool]]:
    """Return the confidence of every hypothesis word, and whether the word is right.

    Args:
        utterances: aligned utterances.
        confidences: for the name of each utterance, one confidence for each word of its hypothesis.

    Raises:
        MismatchError: an utterance has another number of words.
    """
    found = []
    for utterance in utterances:
        judged = [
            right
            for (_, hypothesis), right in zip(utterance.pairs, utterance.correct, strict=True)
            if hypothesis is not None
        ]
        values = confidences.get(utterance.name, ())
        if len(values) != len(judged):
            raise MismatchError(
                f"found {len(values)} confidences, expected one for each of the {len(judged)} words",
                utterance=utterance.name,
                fix="give the confidences of the same hypotheses",
            )
        found += list(zip(values, judged, strict=True))
    return found


def calibration_figure(calibration: Calibration) -> str:
    """Return a ``<figure>``: the share of right words over the confidence, and the same as a table."""
    header = "".join(f'<th scope="col">{name}</th>' for name in ("confidence", "words", "right", "share right"))
    rows = "".join(
        f"<tr><td>{part.low:.1f} to {part.high:.1f}</td><td>{part.words}</td><td>{part.right}</td>"
        f"<td>{100 * part.share_right:.1f}%</td></tr>"
        for part in calibration.bins
    )
    caption = (
        "On the gray line, confidences are probabilities; below it, they are too high. The larger a point, the more "
        f"words it has. Here, {calibration}."
    )
    return (
        f'<figure class="calibration">{_svg(calibration)}<table><tr>{header}</tr>{rows}</table>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _svg(calibration: Calibration) -> str:
    """Return the points as an ``<svg>`` element."""

    def place(x: float, y: float) -> tuple[float, float]:
        return LEFT + SIZE * x, TOP + SIZE * (1 - y)

    width, height = LEFT + SIZE + 16, TOP + SIZE + BOTTOM
    label = f"Share of right words over confidence: {calibration}"
    parts = [
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img" '
        f'aria-label="{escape(label)}" font-size="12" fill="{GRAY}">'
    ]
    for step in range(0, 11, 2):
        x, y = place(step / 10, step / 10)
        parts.append(
            f'<path d="M{x:g} {TOP:g}V{TOP + SIZE:g}M{LEFT:g} {y:g}H{LEFT + SIZE:g}" stroke="{GRID}"/>'
            f'<text x="{x:g}" y="{TOP + SIZE + 17:g}" text-anchor="middle">{step / 10:g}</text>'
            f'<text x="{LEFT - 7:g}" y="{y + 4:g}" text-anchor="end">{10 * step}%</text>'
        )
    (x0, y0), (x1, y1) = place(0, 0), place(1, 1)
    parts.append(f'<path d="M{x0:g} {y0:g}L{x1:g} {y1:g}" stroke="{GRAY}" stroke-dasharray="5 4"/>')
    points = [(*place(part.mean_confidence, part.share_right), part) for part in calibration.bins]
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in points)
    parts.append(f'<path d="M{line}" fill="none" stroke="{BLUE}" stroke-width="1.5"/>' if points else "")
    largest = max((part.words for part in calibration.bins), default=1)
    for x, y, part in points:
        share = f"{100 * part.share_right:.1f}% right"
        tooltip = f"{part.words} words with a mean confidence of {part.mean_confidence:.2f}: {share}"
        radius = 3.5 + 9 * math.sqrt(part.words / largest)
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{BLUE}" fill-opacity="0.55" stroke="{BLUE}">'
            f"<title>{escape(tooltip)}</title></circle>"
        )
    parts.append(
        f'<rect x="{LEFT:g}" y="{TOP:g}" width="{SIZE:g}" height="{SIZE:g}" fill="none" stroke="{FRAME}"/>'
        f'<text x="{LEFT + SIZE / 2:g}" y="{height - 8:g}" text-anchor="middle" fill="{INK}">confidence</text>'
        f'<text transform="translate(14 {TOP + SIZE / 2:g}) rotate(-90)" text-anchor="middle" fill="{INK}">right</text>'
    )
    return "".join([*parts, "</svg>"])
