"""The tables of results: word error rates with and without unseen words, causes of errors, time and memory.

A word is unseen if the transcripts of the training set lack it. An error counts as one of an unseen word if the run of
consecutive errors that it belongs to has an unseen word in the reference, as in ``blasr explain``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from blasr.cli.options import add_option
from blasr.data.data_dir import DataDir
from blasr.io.atomic import atomic_open
from blasr.io.audio import audio_info
from blasr.scoring import AlignedUtterance, align_transcripts, read_transcripts
from recipes.common.command import run_step, step_parser
from recipes.common.results import read_report, results_line, table
from recipes.common.timing import Timing, read_timings, sum_by_stage
from recipes.open_vocabulary.absent_words import best_paths

Text = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class UnseenErrors:
    """The errors of a system, split by whether a word of the reference nearby is unseen.

    Attributes:
        seen_words: words of the reference that the training transcripts have.
        seen_correct: how many of them were recognized.
        seen_errors: errors in runs without an unseen word.
        unseen_words: the other words of the reference.
        unseen_correct: how many of them were recognized.
        unseen_errors: errors in runs with an unseen word.
    """

    seen_words: int
    seen_correct: int
    seen_errors: int
    unseen_words: int
    unseen_correct: int
    unseen_errors: int


def runs_of_errors(utterance: AlignedUtterance) -> list[list[str | None]]:
    """Return the words of the reference in every run of consecutive errors; None for an insertion."""
    runs: list[list[str | None]] = [[]]
    for (reference, _), right in zip(utterance.pairs, utterance.correct, strict=True):
        if right:
            runs.append([])
        else:
            runs[-1].append(reference)
    return [run for run in runs if run]


def split_errors(references: Text, hypotheses: Text, seen: Collection[str]) -> UnseenErrors:
    """Align the hypotheses with the references and count errors near unseen words, and all others."""
    seen_words = seen_correct = seen_errors = unseen_words = unseen_correct = unseen_errors = 0
    for utterance in align_transcripts(references, hypotheses):
        for (reference, _), right in zip(utterance.pairs, utterance.correct, strict=True):
            if reference in seen:
                seen_words += 1
                seen_correct += right
            elif reference is not None:
                unseen_words += 1
                unseen_correct += right
        for run in runs_of_errors(utterance):
            if any(word is not None and word not in seen for word in run):
                unseen_errors += len(run)
            else:
                seen_errors += len(run)
    return UnseenErrors(seen_words, seen_correct, seen_errors, unseen_words, unseen_correct, unseen_errors)


def table_of_unseen(systems: Mapping[str, tuple[Path, Path]], references: Text, seen: Collection[str]) -> str:
    """Return the table of word error rates with and without unseen words; systems are (lattices, lang directory).

    The third column has the errors in runs without an unseen word, per seen word.
    """
    rows = []
    for name, (lattices, lang) in systems.items():
        split = split_errors(references, best_paths(lattices, lang / "words.txt"), seen)
        words, errors = split.seen_words + split.unseen_words, split.seen_errors + split.unseen_errors
        row = [name, f"{100 * errors / words:.2f}", f"{100 * split.seen_errors / max(split.seen_words, 1):.2f}"]
        for correct, number in (
            (split.seen_correct, split.seen_words),
            (split.unseen_correct, split.unseen_words),
        ):
            row += [f"{correct} of {number}", f"{100 * correct / max(number, 1):.1f}"]
        rows.append(row)
    return table(("", "WER %", "far from unseen words %", "seen words right", "%", "unseen words right", "%"), rows)


def table_of_causes(folders: Mapping[str, Path]) -> str:
    """Return the table of the causes of errors; folders without ``explain.json`` have no row."""
    reports = {name: folder / "explain.json" for name, folder in folders.items()}
    causes = {
        name: json.loads(path.read_text(encoding="utf-8"))["causes"] for name, path in reports.items() if path.exists()
    }
    columns = list(dict.fromkeys(cause for row in causes.values() for cause in row))
    rows = [[name, *(str(row.get(cause, 0)) for cause in columns)] for name, row in causes.items()]
    return table(("errors by cause", *columns), rows)


def table_of_times(timings: Sequence[Timing]) -> str:
    """Return the table of the time and memory of every stage, and their sum."""
    stages = sum_by_stage(timings)
    rows = [
        [stage.stage, f"{stage.wall_seconds / 60:.1f}", f"{stage.cpu_seconds / 60:.1f}", f"{stage.peak_mb:.0f}"]
        for stage in stages
    ]
    wall, cpu = (sum(getattr(stage, name) for stage in stages) / 60 for name in ("wall_seconds", "cpu_seconds"))
    rows.append(["all stages", f"{wall:.1f}", f"{cpu:.1f}", f"{max(stage.peak_mb for stage in stages):.0f}"])
    return table(("stage", "minutes", "CPU minutes", "peak MB"), rows)


def table_of_speed(folders: Mapping[str, Path], timings: Sequence[Timing], seconds: float) -> str:
    """Return the real-time factors of every system on the test set: processor time divided by the audio's length."""
    rows = []
    for name, folder in folders.items():
        row = [name]
        for command in ("blasr dump", "blasr decode"):
            found = [timing for timing in timings if timing.command.startswith(command)]
            cpu = [timing.cpu_seconds for timing in found if timing.command.endswith(f"--out {folder}")]
            row.append(f"{sum(cpu) / seconds:.3f}" if cpu else "-")
        rows.append(row)
    return table(("real-time factor (CPU)", "log-likelihoods", "search"), rows)


def seconds_of(data: Path) -> float:
    """Return the length of the audio of a data directory of whole files, in seconds."""
    infos = [audio_info(entry) for entry in DataDir.read(data).recordings.values()]
    return sum(info.num_samples / info.sample_rate for info in infos)


def report(data: Path, system: Sequence[tuple[str, str, str]], timings: Path, out: Path) -> None:
    """Print all tables, and write them after the lines of RESULTS.

    Raises:
        DataError: a report, the timings or the transcripts are missing.
    """
    seen = {word for words in read_transcripts(data / "train" / "text").values() for word in words}
    references = read_transcripts(data / "test" / "text")
    folders = {name: Path(lattices) for name, lattices, _ in system}
    systems = {name: (Path(lattices), Path(lang)) for name, lattices, lang in system}
    times = read_timings(timings)
    lines = [results_line(name, read_report(folder / "score.json")) for name, folder in folders.items()]
    parts = [
        "\n".join(lines),
        table_of_unseen(systems, references, seen),
        table_of_causes(folders),
        table_of_speed(folders, times, seconds_of(data / "test")),
        table_of_times(times),
    ]
    text = "\n\n".join(parts) + "\n"
    print(text)
    with atomic_open(out, "w") as stream:
        stream.write(text)
    print(f"written: {out}")


def main() -> None:
    parser = step_parser("recipes.librispeech.report", __doc__)
    add_option(parser, "--data", required=True, note="the folder with train and test")
    parser.add_argument(
        "--system",
        nargs=3,
        action="append",
        required=True,
        metavar=("NAME", "LATTICES", "LANG"),
        help="a system's name, folder of lattices and score, and lang directory; may be repeated",
    )
    help_text = "the times of the commands, as recipes.common.timing writes them"
    parser.add_argument("--timings", type=Path, required=True, metavar="FILE", help=help_text)
    add_option(parser, "--out", required=True, note="the file that receives the tables")
    run_step(parser, report)


if __name__ == "__main__":
    main()
