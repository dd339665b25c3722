"""Confusion matrices of words or phones, as an HTML table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from blasr.scoring.aligned_utterance import AlignedUtterance, Pair
from blasr.scoring.edit_distance import align_words

OTHERS: Final = "others"
DELETED: Final = "deleted"
INSERTED: Final = "inserted"
SHOWN: Final = 24
"""The largest number of words or phones in a matrix."""

STYLE: Final = """\
.matrix { overflow-x: auto; } .matrix td, .matrix th { padding: .15em .3em; text-align: center; min-width: 1.5em; }
.matrix tr:nth-child(even) { background: none; } .matrix td { border: 1px solid #eef1f4; }
.matrix thead th { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; vertical-align: bottom; }
.matrix th { border: none; font-weight: 600; } .matrix caption { text-align: left; color: #5b6570; padding: .4em 0; }
.matrix tbody th { text-align: right; }
"""


@dataclass(frozen=True)
class ConfusionMatrix:
    """How often each label of the reference was recognized as each label.

    Attributes:
        labels: the labels with the most errors, sorted.
        counts: a row for each label and one for insertions; a column for each label, one for all others and one for
            deletions.
        others: how many labels are not shown.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    others: int = 0

    @classmethod
    def of(cls, utterances: Iterable[AlignedUtterance], shown: int = SHOWN) -> ConfusionMatrix:
        """Return the matrix of the labels with the most errors, as reference or hypothesis.

        Args:
            utterances: aligned words or phones.
            shown: the largest number of labels.
        """
        found: Counter[Pair] = Counter()
        errors: Counter[str] = Counter()
        for utterance in utterances:
            for (reference, hypothesis), right in zip(utterance.pairs, utterance.correct, strict=True):
                if right:  # an optional word that was left out is right, and a variant in spelling
                    found[reference or hypothesis, reference or hypothesis] += 1
                    errors[reference or hypothesis or ""] += 0
                    continue
                found[reference, hypothesis] += 1
                errors.update(label for label in (reference, hypothesis) if label is not None)
        worst = sorted(errors.items(), key=lambda entry: (-entry[1], entry[0]))[:shown]
        labels = tuple(sorted(label for label, count in worst if count))
        places = {label: place for place, label in enumerate(labels)}
        size = len(labels)
        counts = [[0] * (size + 2) for _ in range(size + 1)]
        for (reference, hypothesis), count in found.items():
            row = size if reference is None else places.get(reference)
            if row is not None:
                column = size + 1 if hypothesis is None else places.get(hypothesis, size)
                counts[row][column] += count
        return cls(labels, tuple(map(tuple, counts)), len(errors) - size)

    @property
    def rows(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """The names of the rows and their counts."""
        return tuple(zip((*self.labels, INSERTED), self.counts, strict=True))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return (*self.labels, OTHERS, DELETED)


def phone_alignments(
    utterances: Iterable[AlignedUtterance], pronunciations: Mapping[str, Sequence[str]]
) -> tuple[list[AlignedUtterance], int]:
    """Return the alignments of phones: those of right words as they are, those of each run of errors aligned again.

    Args:
        utterances: aligned words.
        pronunciations: the phones of each word.

    Returns:
        The alignments, and how many runs of errors were left out because a word has no pronunciation.
    """
    found, left_out = [], 0
    for utterance in utterances:
        pairs: list[Pair] = []
        pieces = list(zip(utterance.pairs, utterance.correct, strict=True))
        place = 0
        while place < len(pieces):
            end = place + 1
            (reference, hypothesis), right = pieces[place]
            if right:
                pairs += [(phone, phone) for phone in pronunciations.get(reference or hypothesis or "", ())]
            else:
                while end < len(pieces) and not pieces[end][1]:
                    end += 1
                region = [pair for pair, _ in pieces[place:end]]
                sides = [[word for word in side if word is not None] for side in zip(*region, strict=True)]
                if all(word in pronunciations for side in sides for word in side):
                    spoken = [[phone for word in side for phone in pronunciations[word]] for side in sides]
                    pairs += align_words(*spoken).pairs
                else:
                    left_out += 1
            place = end
        correct = tuple(one == other for one, other in pairs)
        found.append(AlignedUtterance(utterance.name, utterance.speaker, tuple(pairs), correct))
    return found, left_out


def matrix_table(matrix: ConfusionMatrix, what: str) -> str:
    """Return the matrix as a ``<table>``: the darker a cell, the larger its share of the row.

    Args:
        matrix: the matrix.
        what: what the labels are, in the plural.
    """
    if not matrix.labels:
        return f"<p>No {escape(what)} with errors.</p>"
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in matrix.columns)
    lines = []
    for number, (name, counts) in enumerate(matrix.rows):
        total = max(sum(counts), 1)
        cells = "".join(_cell(count, count / total, column == number) for column, count in enumerate(counts))
        lines.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    others = f" {matrix.others} others are not shown." if matrix.others > 0 else ""
    caption = (
        f"Rows: {escape(what)} of the reference. Columns: what was recognized. Blue: right; orange: wrong; darker: a "
        f"larger share of the row. These {escape(what)} have the most errors.{others}"
    )
    table = f"<caption>{caption}</caption><thead><tr><td></td>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return f'<div class="matrix"><table>{table}</table></div>'


def _cell(count: int, share: float, right: bool) -> str:
    if not count:
        return "<td></td>"
    red, green, blue = (0, 114, 178) if right else (213, 94, 0)
    strength = 0.12 + 0.78 * share
    ink = "#fff" if strength > 0.62 else "#1b1f24"
    return f'<td style="background: rgba({red}, {green}, {blue}, {strength:.2f}); color: {ink}">{count}</td>'
