"""The word error rates of systems pooled over test sets that share no utterance, such as folds: intervals and tests.

A set is named ``SYSTEM=DATA_DIR:HYP``. DATA_DIR has ``text`` and ``utt2spk``; HYP has the lines ``utterance-id words``,
as ``blasr score text --hyp-out`` writes them. Every later system is compared with the first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from blasr.cli.options import add_option, positive_integer
from blasr.errors import ConfigError, DataError
from blasr.io.atomic import atomic_open
from blasr.scoring import (
    AlignedUtterance,
    ErrorCounts,
    Interval,
    SystemComparison,
    align_transcripts,
    compare_systems,
    read_speakers,
    read_transcripts,
    speaker_counts,
    wer_interval,
    wer_line,
)
from blasr.tally import Tally
from recipes.common.command import run_step, step_parser
from recipes.common.results import table

HEADER = ("", "WER %", "95% interval", "errors", "words", "difference", "95% interval", "p")


@dataclass(frozen=True)
class PooledScore:
    """The score of a system on several test sets together.

    Attributes:
        counts: the sum of the counts of all sets.
        speakers: the number of speakers.
        interval: the interval of the word error rate in percent, by the bootstrap over speakers.
    """

    counts: ErrorCounts
    speakers: int
    interval: Interval


def align_set(data: Path, hypotheses: Path, tally: Tally) -> list[AlignedUtterance]:
    """Return the utterances of a test set with their hypotheses; those without one are counted as deleted.

    Raises:
        BlasrError: a file is missing or broken, or a hypothesis has no reference.
    """
    references, found = read_transcripts(data / "text"), read_transcripts(hypotheses)
    try:
        aligned = align_transcripts(references, found, read_speakers(data / "utt2spk"))
    except DataError as error:
        raise error.at(path=hypotheses) from None
    for utterance in references:
        if utterance in found:
            tally.keep()
        else:
            tally.drop(utterance, "without hypothesis, counted as deleted")
    return aligned


def pool(sets: Sequence[Sequence[AlignedUtterance]]) -> list[AlignedUtterance]:
    """Return the utterances of all sets, in the order of their names.

    Raises:
        DataError: an utterance is in two sets.
    """
    pooled = sorted((utterance for one in sets for utterance in one), key=lambda utterance: utterance.name)
    for first, second in pairwise(pooled):
        if first.name == second.name:
            raise DataError("is in two of the sets", utterance=first.name, fix="name each fold once")
    return pooled


def score_pool(utterances: Sequence[AlignedUtterance], *, replicates: int = 1000, seed: int = 0) -> PooledScore:
    """Return the word error rate of all utterances, with its interval by the bootstrap over speakers."""
    speakers = list(speaker_counts(utterances).values())
    interval = wer_interval(speakers, replicates=replicates, seed=seed)
    return PooledScore(sum(speakers, ErrorCounts()), len(speakers), interval)


def pool_systems(sets: Sequence[str], out: Path | None, json_path: Path | None, bootstrap: int, seed: int) -> None:
    """Print a table of the systems; the options are described by ``--help``.

    Raises:
        BlasrError: an argument is wrong, or a file is missing or broken.
    """
    systems = {name: pool(parts) for name, parts in _read_sets(sets).items()}
    scores = {name: score_pool(utterances, replicates=bootstrap, seed=seed) for name, utterances in systems.items()}
    first, *others = systems
    comparisons = {
        name: compare_systems(systems[first], systems[name], by_speaker=True, replicates=bootstrap, seed=seed)
        for name in others
    }
    print(table(HEADER, [_row(name, scores[name], comparisons.get(name)) for name in systems]))
    lines = [_line(name, score) for name, score in scores.items()]
    if out is not None:
        with atomic_open(out, "w") as stream:
            stream.writelines(f"{line}\n" for line in lines)
    if json_path is not None:
        report = {
            name: asdict(score) | {"wer": score.counts.wer}
            | ({"comparison": asdict(comparisons[name])} if name in comparisons else {})
            for name, score in scores.items()
        }  # fmt: skip
        with atomic_open(json_path, "w") as stream:
            stream.write(json.dumps(report, indent=2) + "\n")


def _read_sets(arguments: Sequence[str]) -> dict[str, list[list[AlignedUtterance]]]:
    systems: dict[str, list[list[AlignedUtterance]]] = {}
    tally = Tally("pool")
    for argument in arguments:
        name, _, paths = argument.partition("=")
        data, _, hypotheses = paths.partition(":")
        if not (name and data and hypotheses):
            message = f"found {argument!r}, expected SYSTEM=DATA_DIR:HYP"
            raise ConfigError(message, fix="such as gmm=exp/fold0/data/test:exp/fold0/tri/test/hyp.txt")
        systems.setdefault(name, []).append(align_set(Path(data), Path(hypotheses), tally))
    print(tally.summary())
    tally.check()
    return systems


def _row(name: str, score: PooledScore, comparison: SystemComparison | None) -> list[str]:
    counts = score.counts
    cells = [name, f"{counts.wer:.2f}", interval_text(score.interval), str(counts.errors), str(counts.reference_words)]
    if comparison is None:
        return [*cells, "", "", ""]
    gain = comparison.improvement
    test = f"{comparison.matched_pairs.p_value:.4f}"
    return [*cells, f"{gain.difference:+.2f}", interval_text(gain.interval, sign=True), test]


def interval_text(interval: Interval, *, sign: bool = False) -> str:
    """Return ``1.23 to 2.34``, or with signs ``-0.12 to +0.34``."""
    form = "{:+.2f} to {:+.2f}" if sign else "{:.2f} to {:.2f}"
    return form.format(interval.low, interval.high)


def _line(name: str, score: PooledScore) -> str:
    interval = f"{interval_text(score.interval)} at 95% by {score.speakers} speakers"
    return f"{wer_line(score.counts)} {name} ({interval})"


def main() -> None:
    parser = step_parser("recipes.common.pool", __doc__)
    help_text = "the hypotheses of a system for a data directory; repeat for every fold"
    parser.add_argument("sets", nargs="+", metavar="SYSTEM=DATA_DIR:HYP", help=help_text)
    add_option(parser, "--out", note="a file that receives one %%WER line for each system")
    parser.add_argument("--json", dest="json_path", type=Path, metavar="FILE", help="also write the results as JSON")
    text = "replicates of the bootstrap over speakers (default: %(default)s)"
    parser.add_argument("--bootstrap", type=positive_integer, default=1000, metavar="N", help=text)
    add_option(parser, "--seed", note="for the bootstrap")
    run_step(parser, pool_systems)


if __name__ == "__main__":
    main()
