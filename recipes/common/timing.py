"""Time and memory of a recipe's commands: runs one command and adds a line to a JSONL file.

The figures are those of the command and all its child processes. The peak of the memory is that of the largest process.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from blasr.errors import DataError
from recipes.common.command import step_parser


@dataclass(frozen=True)
class Timing:
    """The cost of one command.

    Attributes:
        stage: the number of the recipe's stage, and its title.
        command: the command line.
        wall_seconds: from the start to the end.
        cpu_seconds: user and system time, over all cores.
        peak_mb: the largest resident memory of one process, in 10^6 bytes.
    """

    stage: str
    command: str
    wall_seconds: float
    cpu_seconds: float
    peak_mb: float


def run_timed(stage: str, words: Sequence[str], out: Path) -> int:
    """Run a command, add its :class:`Timing` to ``out`` if it succeeds, and return its exit status."""
    start = time.monotonic()
    try:
        status = subprocess.run(words).returncode
    except OSError as error:
        print(f"{words[0]}: error: {error.strerror}", file=sys.stderr)
        return 127
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    if status == 0:
        cpu, kilobytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss  # Linux counts in units of 1024 bytes
        timing = Timing(stage, " ".join(words), time.monotonic() - start, cpu, kilobytes * 1024 / 1e6)
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(timing)) + "\n")
    return status


def read_timings(path: Path) -> list[Timing]:
    """Return the last timing of everything that was made, in the order of the first runs.

    Commands of a stage make the same thing if they have the same name and the same ``--out`` or ``--experiment``,
    whatever their other options; those without either, if they are equal. Of a training that was interrupted, only the
    last part counts.

    Raises:
        DataError: the file is missing, or a line is not a timing.
    """
    found: dict[tuple[str, str], Timing] = {}
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            timing = Timing(**json.loads(line))
            found[timing.stage, _result_of(timing.command)] = timing
    except (OSError, ValueError, TypeError) as error:
        message = f"is not a file of timings: {error}"
        raise DataError(message, path=path, fix="run the recipe from its first stage") from None
    return list(found.values())


def _result_of(command: str) -> str:
    """Return the name of a command and what it writes, or all of it if neither option says so."""
    words = command.replace("=", " ").split()
    for option in ("--out", "--experiment"):
        if option in words[:-1]:
            return " ".join([*words[:2], words[words.index(option) + 1]])
    return command


def sum_by_stage(timings: Iterable[Timing]) -> list[Timing]:
    """Return one timing for each stage: the sums of the times, and the largest peak. ``command`` is empty."""
    sums: dict[str, Timing] = {}
    for timing in timings:
        total = sums.get(timing.stage, Timing(timing.stage, "", 0.0, 0.0, 0.0))
        sums[timing.stage] = Timing(
            timing.stage,
            "",
            total.wall_seconds + timing.wall_seconds,
            total.cpu_seconds + timing.cpu_seconds,
            max(total.peak_mb, timing.peak_mb),
        )
    return sorted(sums.values(), key=lambda timing: int(timing.stage.partition(" ")[0]))


def main() -> None:
    parser = step_parser("recipes.common.timing", __doc__)
    parser.add_argument("--log", type=Path, required=True, metavar="FILE", help="the file that receives a line")
    parser.add_argument("--stage", required=True, metavar="TITLE", help="the number of the stage, and its title")
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND", help="the command and its arguments")
    args = parser.parse_args()
    sys.exit(run_timed(args.stage, args.words, args.log))


if __name__ == "__main__":
    main()
