"""Feed damaged inputs to every parser: ``python -m tests.fuzz.run --inputs 1000000 --seed 1``.

An input passes if the parser returns a value or raises FormatError or DataError, within one second of processor time
and 256 MB of memory. Anything else is a failure: the input is written to a file, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from types import FrameType

from blasr.errors import DataError, FormatError
from tests.fuzz.mutation import mutate
from tests.fuzz.targets import Target, targets

SECONDS = 1.0
MEMORY_BYTES = 256 << 20


class HangError(Exception):
    """A parser took longer than :data:`SECONDS` of processor time."""


def _hang(number: int, frame: FrameType | None) -> None:
    raise HangError


def try_one(target: Target, data: bytes) -> str:
    """Return ``accepted`` or ``refused``; any exception other than FormatError and DataError is raised."""
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        target.parse(data)
    except (FormatError, DataError):
        return "refused"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return "accepted"


def fuzz(chosen: Sequence[Target], inputs: int, seed: int, failures: Path, most: int = 20) -> tuple[Counter[str], int]:
    """Try inputs for the targets in turn.

    Args:
        chosen: the targets.
        inputs: how many inputs to try.
        seed: seed of the random numbers.
        failures: the folder that receives failing inputs.
        most: stop after this many failures.

    Returns:
        How many inputs each target accepted and refused, and how many failed.
    """
    random, counts, failed = Random(seed), Counter[str](), 0
    previous = signal.signal(signal.SIGVTALRM, _hang)
    try:
        for number in range(inputs):
            target = chosen[number % len(chosen)]
            data = mutate(random, target.seeds)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    counts[f"{target.name} {try_one(target, data)}"] += 1
            except Exception as error:
                failed += 1
                failures.mkdir(parents=True, exist_ok=True)
                path = failures / f"{target.name}-{seed}-{number}"
                path.write_bytes(data)
                print(f"{path}: {type(error).__name__}: {error}", file=sys.stderr)
                traceback.print_tb(error.__traceback__, limit=-3)
                if failed >= most:
                    break
    finally:
        signal.signal(signal.SIGVTALRM, previous)
    return counts, failed


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz and print a report as JSON; the exit status is 1 if an input failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000, help="number of inputs (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random numbers (default: %(default)s)")
    parser.add_argument("--target", action="append", help="a target to try, may be repeated (default: all)")
    parser.add_argument("--failures", type=Path, default=Path("fuzz-failures"), help="folder for failing inputs")
    args = parser.parse_args(arguments)
    chosen = [target for target in targets() if not args.target or target.name in args.target]
    for target in chosen:
        for data in target.seeds:
            target.parse(data)  # checks that the seeds are valid, and compiles what numba compiles on first use
    logging.disable(logging.WARNING)  # what a reader skips is of no interest here
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, resource.RLIM_INFINITY))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clock, processor = time.perf_counter(), time.process_time()
    counts, failed = fuzz(chosen, args.inputs, args.seed, args.failures)
    report = {
        "inputs": sum(counts.values()) + failed,
        "failures": failed,
        "seed": args.seed,
        "seconds": round(time.perf_counter() - clock, 1),
        "processor_seconds": round(time.process_time() - processor, 1),
        "memory_growth_mib": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1),
        "outcomes": dict(sorted(counts.items())),
    }
    print(json.dumps(report, indent=1))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
