"""A self-contained HTML page that shows the errors of a set and their causes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from blasr.scoring.aligned_utterance import AlignedUtterance
from blasr.scoring.calibration import Calibration, calibration_figure
from blasr.scoring.causes import MEANING, Cause
from blasr.scoring.confusion_matrix import STYLE as MATRIX_STYLE
from blasr.scoring.confusion_matrix import ConfusionMatrix, matrix_table
from blasr.scoring.confusions import Confusions
from blasr.scoring.edit_distance import ErrorCounts

STYLE = """\
body { font: 15px/1.45 system-ui, sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; color: #1b1f24; }
h2 { margin-top: 2em; } table { border-collapse: collapse; } th, td { padding: .2em .7em; text-align: right; }
th { border-bottom: 1px solid #999; } th:first-child, td:first-child, td.text { text-align: left; }
tr:nth-child(even) { background: #f4f6f8; } .bar { background: #4c78a8; height: .9em; }
.pair { display: inline-block; margin: 0 .15em .5em; text-align: center; } .pair span { display: block; }
.S { color: #b1440e; } .D { color: #a3123a; } .I { color: #6a3fa0; } .name { color: #5b6570; margin-top: 1em; }
.calibration { display: flex; flex-wrap: wrap; gap: 2em; align-items: center; margin: 1em 0; }
.calibration figcaption { color: #5b6570; flex-basis: 100%; }
"""
LISTED = 50


def error_page(
    title: str,
    utterances: Sequence[AlignedUtterance],
    causes: Mapping[Cause, int],
    notes: Iterable[str] = (),
    *,
    phones: Sequence[AlignedUtterance] = (),
    calibration: Calibration | None = None,
) -> str:
    """Return a page with rates, causes, speakers, words, substitutions, and the utterances with the most errors.

    Args:
        title: the heading.
        utterances: the aligned utterances.
        causes: the number of errors of each cause.
        notes: sentences below the heading.
        phones: the same utterances as aligned phones, for a matrix of phones.
        calibration: the confidences of the words, for a picture.
    """
    tables = Confusions.of(utterances)
    total = sum((utterance.counts for utterance in utterances), ErrorCounts())
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{_sentence(total)}</p>", *(f"<p>{escape(note)}</p>" for note in notes)]
    parts += ["<h2>Causes</h2>", _causes(causes)]
    parts += ["<h2>Speakers</h2>", _speakers(tables.speakers)]
    words = [
        [word, errors.correct, errors.substituted, errors.deleted, errors.inserted]
        for word, errors in tables.worst_words(LISTED)
    ]
    parts += ["<h2>Words</h2>", _table(("word", "correct", "substituted", "deleted", "inserted"), words)]
    pairs = [
        [f"{reference} \u2192 {hypothesis}", count] for (reference, hypothesis), count in tables.worst_pairs(LISTED)
    ]
    parts += ["<h2>Substitutions</h2>", _table(("reference \u2192 hypothesis", "times"), pairs)]
    parts += ["<h2>Which word was recognized as which</h2>", matrix_table(ConfusionMatrix.of(utterances), "words")]
    if phones:
        parts += ["<h2>Which phone was recognized as which</h2>", matrix_table(ConfusionMatrix.of(phones), "phones")]
    if calibration is not None:
        parts += ["<h2>Confidences</h2>", calibration_figure(calibration)]
    worst = sorted(utterances, key=lambda utterance: (-utterance.counts.errors, utterance.name))[:LISTED]
    parts += ["<h2>Utterances with the most errors</h2>"]
    parts += [_alignment(utterance) for utterance in worst if utterance.counts.errors]
    body = "\n".join(parts)
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>\n{STYLE}{MATRIX_STYLE}</style>'
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _sentence(counts: ErrorCounts) -> str:
    return (
        f"<b>{counts.wer:.2f}% word error rate</b>: {counts.errors} errors in {counts.reference_words} words "
        f"({counts.substitutions} substitutions, {counts.deletions} deletions, {counts.insertions} insertions)."
    )


def _causes(causes: Mapping[Cause, int]) -> str:
    total = max(Counter(causes).total(), 1)
    rows = []
    for cause in Cause:
        if causes.get(cause):
            share = 100 * causes[cause] / total
            bar = f'<div class="bar" style="width: {share / 5:.2f}em"></div>'
            cells = f"<td>{cause}</td><td>{causes[cause]}</td><td>{share:.1f}%</td><td>{bar}</td>"
            rows.append(f'<tr>{cells}<td class="text">{escape(MEANING[cause])}</td></tr>')
    return f"<table><tr><th>cause</th><th>errors</th><th>share</th><th></th><th></th></tr>{''.join(rows)}</table>"


def _speakers(speakers: Mapping[str, ErrorCounts]) -> str:
    ordered = sorted(speakers.items(), key=lambda entry: (-entry[1].errors, entry[0]))
    rows = [
        [name, f"{counts.wer:.2f}", counts.reference_words, counts.substitutions, counts.deletions, counts.insertions]
        for name, counts in ordered
    ]
    return _table(("speaker", "WER", "words", "sub", "del", "ins"), rows)


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    lines = ("".join(f"<td>{escape(str(cell))}</td>" for cell in row) for row in rows)
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _alignment(utterance: AlignedUtterance) -> str:
    pairs = []
    for (reference, hypothesis), right in zip(utterance.pairs, utterance.correct, strict=True):
        kind = "C" if right else "I" if reference is None else "D" if hypothesis is None else "S"
        above, below = (escape(word) if word is not None else "&nbsp;" for word in (reference, hypothesis))
        pairs.append(f'<span class="pair {kind}"><span>{above}</span><span>{below}</span></span>')
    name = f"{utterance.name}: {utterance.counts.errors} errors (reference above, hypothesis below)"
    return f'<div class="name">{escape(name)}</div>\n<div>{"".join(pairs)}</div>'
