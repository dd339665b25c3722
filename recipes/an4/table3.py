"""The paper's Table 3 on AN4 from the rows of table3.sh: accuracy, cost and speed of the variants."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from blasr.cli.options import add_option
from blasr.errors import DataError
from blasr.io.atomic import atomic_open
from blasr.models import TABLE3
from recipes.an4.runs import Run, read_runs
from recipes.an4.variants import (
    BASELINE,
    Accuracy,
    AlignedRuns,
    Cost,
    accuracy,
    cost,
    inference_seconds,
    training_seconds,
)
from recipes.common.command import run_step, step_parser
from recipes.common.pool import interval_text
from recipes.common.results import markdown_table

MARGIN: Final = 1.0
"""A variant is as good as the baseline if the interval of the difference is within this, in percentage points."""
SPEED_SHARE: Final = 0.85
"""The least share of the MAC ratio that the speed-up is expected to reach."""

METHOD: Final = """\
Every variant of the paper's Table 3 is trained alike on AN4: same alignments, same augmentation, same number of epochs.
All speakers of the corpus are split into folds; each is a test speaker once. The LM weight and the insertion penalty of
a run are tuned on a few speakers who are neither trained nor tested on, and then frozen. `recipes/an4/table3.sh` runs
it and writes this file. The language model of all runs is the corpus's own, with a weight of 1% for the unigram model
of the training transcripts, and the prior scale is 1.

- WER: all folds and seeds pooled. Its interval, and that of the difference from resnet22, are 95% intervals by the
  bootstrap over speakers (1000 replicates; the same speakers are drawn for both variants). They do not contain the
  spread over seeds, which has a column of its own.
- The difference and p compare the runs that both variants have on the same folds with the same seeds. p is NIST's
  matched-pairs test (MAPSSWE), one value for each seed.
- Frame accuracy: on the speakers that are held out to tune on, against the alignments of the GMM.
- MACs: convolutions and linear layers on one 49-frame window.
- Seconds of training: the optimizer's steps, without reading and augmenting the data. Seconds of inference: from audio
  to log-likelihoods, features included. Both are processor time on a CPU and clock time on a GPU.
- Widths below 0.25 do not suit bl_pyr_resnet22_a4b1: its branches cannot have fewer than 64, 16, 4 and 1 channels, so
  it keeps more than its share of the MACs.
"""


def write_table(runs_path: Path, out: Path) -> None:
    """Write TABLE3.md from the rows, and print its tables; the options are described by ``--help``.

    Raises:
        BlasrError: there are no rows, they are of different settings, or the files of a run are missing.
    """
    runs = sorted(read_runs(runs_path), key=lambda run: (run.seed, run.fold, list(TABLE3).index(run.variant)))
    _check_equal(runs, runs_path)
    by_variant = {name: [run for run in runs if run.variant == name] for name in TABLE3}
    by_variant = {name: found for name, found in by_variant.items() if found}
    aligned = AlignedRuns(runs_path.parent, runs)
    baseline = by_variant.get(BASELINE, [])
    accuracies = {name: accuracy(found, baseline, aligned) for name, found in by_variant.items()}
    costs = {name: cost(found, baseline) for name, found in by_variant.items()}
    counts = {name: len(found) for name, found in by_variant.items()}
    parts = [_accuracy_table(accuracies, counts), _cost_table(costs), *_findings(accuracies, costs)]
    print("\n\n".join([*parts[:2], "\n".join(parts[2:])]))
    first = runs[0]
    setting = (
        f"{datetime.date.today():%Y-%m-%d}. Width {first.width:g}, {first.epochs} epochs, {first.precision}, "
        f"{first.device}; {_plural(len(runs), 'run')}."
    )
    sections = [
        "# Table 3 of the paper on AN4", setting, METHOD.strip(), "## Accuracy", parts[0], "## Cost", parts[1],
        "## Findings", "\n".join(parts[2:]), "## Not measured", _missing(runs), "## Runs", _runs_table(runs),
    ]  # fmt: skip
    with atomic_open(out, "w") as stream:
        stream.write("\n\n".join(sections) + "\n")
    print(f"written: {out}")


def _check_equal(runs: Sequence[Run], path: Path) -> None:
    if not runs:
        raise DataError("has no rows", path=path, fix="run table3.sh")
    for name in ("width", "epochs", "precision", "device"):
        values = sorted({str(getattr(run, name)) for run in runs})
        if len(values) > 1:
            message = f"found runs with {name} {' and '.join(values)}, expected one"
            raise DataError(message, path=path, fix="run them with another --work")


def _accuracy_table(found: Mapping[str, Accuracy], counts: Mapping[str, int]) -> str:
    header = (
        "variant", "runs", "words", "WER %", "95% interval", "WER % by seed", "difference", "95% interval", "p by seed",
        "frame accuracy %",
    )  # fmt: skip
    rows = []
    for name, item in found.items():
        total, gain = item.score.counts, item.gain
        rows.append(
            (
                name,
                str(counts[name]),
                str(total.reference_words),
                f"{total.wer:.2f}",
                interval_text(item.score.interval),
                _by_seed(item.by_seed, ".2f"),
                "" if gain is None else f"{gain.difference:+.2f}",
                "" if gain is None else interval_text(gain.interval, sign=True),
                _by_seed(item.p_values, ".3f"),
                f"{100 * item.frame_accuracy:.2f}",
            )
        )
    return markdown_table(header, rows)


def _by_seed(values: Mapping[int, float], form: str) -> str:
    return ", ".join(format(value, form) for value in values.values())


def _cost_table(found: Mapping[str, Cost]) -> str:
    header = (
        "variant", "MACs, 10^6", "share of resnet22 %", "training, s per run", "inference, s per hour of speech",
        "MAC ratio", "speed-up", "speed-up / MAC ratio",
    )  # fmt: skip
    rows = [
        (
            name,
            f"{item.macs / 1e6:.2f}",
            _number(100 / item.macs_ratio, ".1f"),
            f"{item.train_seconds:.0f}",
            f"{item.test_seconds:.1f}",
            _number(item.macs_ratio, ".2f"),
            _number(item.speed_up, ".2f"),
            _number(item.speed_up_share, ".2f"),
        )
        for name, item in found.items()
    ]
    return markdown_table(header, rows)


def _number(value: float, form: str) -> str:
    return "" if math.isnan(value) else format(value, form)


def _findings(accuracies: Mapping[str, Accuracy], costs: Mapping[str, Cost]) -> list[str]:
    """Return one sentence for each variant that was compared with the baseline."""
    sentences = []
    for name, item in accuracies.items():
        if item.gain is None:
            continue
        low, high = item.gain.interval.low, item.gain.interval.high
        if max(-low, high) <= MARGIN:
            verdict = f"within {MARGIN:g}% absolute of {BASELINE}, by the whole interval of the difference"
        elif low > 0 or high < 0:
            verdict = f"{'worse' if low > 0 else 'better'} than {BASELINE}, by the whole interval of the difference"
        else:
            verdict = (
                f"not shown to differ from {BASELINE}, but the interval of the difference exceeds {MARGIN:g}% absolute"
            )
        share, reached = costs[name].speed_up_share, 100 / costs[name].macs_ratio
        sentences.append(
            f"- {name} is {verdict}. It has {reached:.0f}% of the MACs. Its speed-up in these runs is {share:.0%} of "
            f"the MAC ratio ({'as' if share >= SPEED_SHARE else 'not as'} expected: at least {SPEED_SHARE:.0%})."
        )
    return sentences or ["No variant has runs on the same folds and seeds as the baseline."]


def _missing(runs: Sequence[Run]) -> str:
    """Return a list of the variants, folds and seeds without a run."""
    folds = {f"fold{index}of{number}" for number in {_num_folds(run) for run in runs} for index in range(number)}
    seeds = {run.seed for run in runs}
    done = {(run.variant, run.fold, run.seed) for run in runs}
    lines = []
    for name in TABLE3:
        missing = [(seed, fold) for seed in sorted(seeds) for fold in sorted(folds) if (name, fold, seed) not in done]
        if len(missing) == len(seeds) * len(folds):
            lines.append(f"- {name}: nothing")
        elif missing:
            lines.append(f"- {name}: " + ", ".join(f"{fold} with seed {seed}" for seed, fold in missing))
    others = {
        "a third seed": len(seeds) < 3,
        "full width": all(run.width != 1 for run in runs),
        "a GPU": all(run.device == "cpu" for run in runs),
    }
    absent = ", ".join(name for name, is_absent in others.items() if is_absent)
    return "\n".join([*lines, *([f"- of all variants: {absent}"] if absent else [])] or ["Nothing is missing."])


def _num_folds(run: Run) -> int:
    return int(run.fold.rpartition("of")[2])


def _runs_table(runs: Iterable[Run]) -> str:
    header = (
        "variant", "fold", "seed", "errors", "words", "WER %", "LM weight", "penalty", "frame accuracy %",
        "training, s", "inference, s", "pdfs",
    )  # fmt: skip
    rows = [
        (
            run.variant,
            run.fold.removeprefix("fold"),
            str(run.seed),
            str(run.errors),
            str(run.words),
            f"{100 * run.errors / run.words:.2f}",
            f"{run.lm_weight:g}",
            f"{run.word_insertion_penalty:g}",
            f"{100 * run.frame_accuracy:.2f}",
            f"{training_seconds(run):.0f}",
            f"{inference_seconds(run):.1f}",
            str(run.num_pdfs),
        )
        for run in runs
    ]
    return markdown_table(header, rows)


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def main() -> None:
    parser = step_parser("recipes.an4.table3", __doc__)
    parser.add_argument("runs_path", type=Path, metavar="RUNS.JSONL", help="the rows that table3.sh appended")
    add_option(parser, "--out", required=True, note="the file that receives the table")
    run_step(parser, write_table)


if __name__ == "__main__":
    main()
